//! The name that was probably meant: one rule for every "did you mean".
//!
//! Optimal string alignment: an insertion, a deletion, a replacement and a swap of neighbours cost
//! one each, so `FORM` is one step from `FROM`. Letter case costs nothing but decides ties.

/// Longer names get no suggestion, which keeps a hostile text from costing squares of its length.
const NAME_CHARS_MAX: usize = 64;

/// The candidate nearest to `name`, if it is near enough to be what was meant.
///
/// Near enough is one step for names of up to four characters, two up to seven, else three
/// (`property` is three from `properties`), and never as many steps as the name has characters. The
/// first of equally near ones wins.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.chars().take(NAME_CHARS_MAX + 1).collect();
    if wanted.len() > NAME_CHARS_MAX {
        return None;
    }
    let steps_max = match wanted.len() {
        0 | 1 => return None,
        2..=4 => 1,
        5..=7 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= 4 * NAME_CHARS_MAX)
        .map(|candidate| (steps(&wanted, candidate), candidate))
        .filter(|((steps, _), _)| *steps <= steps_max)
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, candidate)| candidate)
}

/// Steps from `wanted` to `candidate` with letter case aside, then those of letter case alone.
fn steps(wanted: &[char], candidate: &str) -> (usize, usize) {
    let other: Vec<char> = candidate.chars().collect();
    let case_steps =
        wanted.iter().zip(&other).filter(|(a, b)| a != b && is_same_letter(**a, **b)).count();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut above: Option<char> = None;
    for (row, &a) in wanted.iter().enumerate() {
        let current = next_row(row, (a, above), &other, (&last, &before_last));
        before_last = last;
        last = current;
        above = Some(a);
    }
    (last.last().copied().unwrap_or(usize::MAX), case_steps)
}

/// One row of the table of distances: `a` is the row's character, `above` the one before it.
fn next_row(
    row: usize,
    (a, above): (char, Option<char>),
    other: &[char],
    (last, before_last): (&[usize], &[usize]),
) -> Vec<usize> {
    let at = |cells: &[usize], idx: usize| cells.get(idx).copied().unwrap_or(usize::MAX - 1);
    let mut current = vec![row + 1];
    let mut left: Option<char> = None;
    for (column, &b) in other.iter().enumerate() {
        let same = is_same_letter(a, b);
        let mut best = (at(last, column) + usize::from(!same))
            .min(at(last, column + 1) + 1)
            .min(at(&current, column) + 1);
        let is_swap = above.is_some_and(|above| is_same_letter(above, b))
            && left.is_some_and(|left| is_same_letter(left, a));
        if is_swap && column > 0 {
            best = best.min(at(before_last, column - 1) + 1);
        }
        current.push(best);
        left = Some(b);
    }
    current
}

fn is_same_letter(a: char, b: char) -> bool {
    a == b || a.to_lowercase().eq(b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let words = ["FROM", "WHERE", "AND", "OR", "ORDER"];
        assert_eq!(nearest("FORM", words), Some("FROM"));
        assert_eq!(nearest("wehre", words), Some("WHERE"));
        assert_eq!(nearest("ADN", words), Some("AND"));
        assert_eq!(nearest("ODER", words), Some("ORDER"));
        assert_eq!(nearest("property", ["tags", "properties"]), Some("properties"));
        assert_eq!(nearest("devices", words), None);
        assert_eq!(nearest("x", words), None);
    }

    #[test]
    fn letter_case_decides_ties_only() {
        assert_eq!(nearest("tag", ["Tags", "tags"]), Some("tags"));
        assert_eq!(nearest("Firmware", ["firmware", "Firmwares"]), Some("firmware"));
    }

    #[test]
    fn very_long_names_are_left_alone() {
        let long = "x".repeat(100_000);
        assert_eq!(nearest(&long, [long.as_str()]), None);
        assert_eq!(nearest("xy", [long.as_str()]), None);
    }
}
