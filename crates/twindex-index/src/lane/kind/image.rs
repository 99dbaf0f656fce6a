//! The image of a lane's kinds: a byte for the form, then the form.

use twindex_kernels::mask::{Mask, SEGMENT_ROWS};
use twindex_model::kind::Kind;

use super::{Form, Kinds};
use crate::image::{Image, ImageBytes};
use crate::lane::plane::Planes;

const SPARSE: u8 = 0;
const PLANES: u8 = 1;

impl Image for Kinds {
    fn write(&self, out: &mut Vec<u8>) {
        match &self.form {
            Form::Sparse { rows, kinds } => {
                SPARSE.write(out);
                rows.write(out);
                kinds.write(out);
            }
            Form::Planes(planes) => {
                PLANES.write(out);
                planes.write(out);
            }
        }
    }

    fn read(from: &mut ImageBytes<'_>) -> Option<Self> {
        let mut counts = [0; 8];
        let form = match u8::read(from)? {
            SPARSE => {
                let (rows, kinds) = <(Vec<u16>, Vec<u8>)>::read(from)?;
                let is_ascending = rows.is_sorted_by(|a, b| a < b);
                let are_kinds = kinds.iter().all(|kind| matches!(kind, 1..=7));
                if !is_ascending || !are_kinds || rows.len() != kinds.len() {
                    return None;
                }
                kinds.iter().for_each(|kind| counts[usize::from(*kind)] += 1);
                Form::Sparse { rows, kinds }
            }
            PLANES => {
                let planes = Planes::read(from)?;
                for kind in &Kind::ALL[1..] {
                    counts[*kind as usize] = planes.n_of_kind(*kind);
                }
                let n_rows: u32 = counts.iter().sum();
                (n_rows as usize == planes.n_present() && planes.end() <= SEGMENT_ROWS)
                    .then_some(())?;
                Form::Planes(Box::new(planes))
            }
            _ => return None,
        };
        Some(Self { counts, n_shifts: 0, form })
    }
}

impl Kinds {
    /// Whether all rows that have the path are among `rows`.
    pub(crate) fn are_rows_in(&self, rows: &Mask) -> bool {
        match &self.form {
            Form::Sparse { rows: own, .. } => own.iter().all(|row| rows.get(*row)),
            Form::Planes(planes) => planes.are_rows_in(rows),
        }
    }
}
