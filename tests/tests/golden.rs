//! Every golden file, run as it says: parsing, binding, plans, and answers, which the oracle judges.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::panic, clippy::unwrap_used)]

use twindex::{Diagnostic, Error, LoadOptions, ManualClock, Options, Page, Twindex};
use twindex_oracle::World;
use twindex_testkit::{Tolerances, answers_equal};
use twindex_tests::golden::{Command, Outcome, check_folder, draw};

/// 2024-03-01T00:00:00Z: what `NOW()` is in golden files.
const NOW_MS: i64 = 1_709_251_200_000;

/// An engine beside the documents it was given, for the oracle.
struct Bench {
    db: Twindex,
    world: World,
}

impl Bench {
    fn new() -> Self {
        let clock = std::sync::Arc::new(ManualClock::new(NOW_MS));
        let options = Options { clock, ..Options::default() };
        Self {
            db: Twindex::with_options(options),
            world: World { now_ms: NOW_MS, ..World::default() },
        }
    }

    fn run(&mut self, command: &Command) -> Outcome {
        match command {
            Command::Twin(text) => self.load(text),
            Command::Query { tags, text, .. } => self.query(tags, text),
        }
    }

    fn load(&mut self, text: &str) -> Outcome {
        let report = self.db.load(text.as_bytes(), &LoadOptions::default());
        let report = report.map_err(|error| error.to_string())?;
        if let Some(bad) = report.bad.first() {
            return Err(bad.reason.clone());
        }
        let twin: serde_json::Value = serde_json::from_str(text).unwrap();
        let is_module = twin.get("moduleId").is_some();
        let twins = if is_module { &mut self.world.modules } else { &mut self.world.devices };
        twins.push(twin);
        Ok(String::new())
    }

    fn query(&mut self, tags: &[String], text: &str) -> Outcome {
        let mut out = String::new();
        let fail = |error: Error| draw(text, error.diagnostics());
        for tag in tags.iter().filter(|tag| *tag == "plan") {
            let _ = tag;
            out.push_str(&self.db.query(text).explain().map_err(fail)?.to_string());
            out.push('\n');
        }
        let page_size = tags.iter().find_map(|tag| tag.strip_prefix("page "));
        let mut query = self.db.query(text);
        if let Some(rows) = page_size {
            query = query.page_size(rows.parse().unwrap());
        }
        let mut rows = Vec::new();
        loop {
            let page = query.run().map_err(fail)?;
            print_page(&page, text, &mut out);
            rows.extend(page.values());
            let Some(token) = page.next() else { break };
            out.push_str("next page\n");
            query = query.after(token);
        }
        self.judge(text, &rows);
        Ok(out)
    }

    /// The oracle's rows are the engine's.
    fn judge(&self, text: &str, rows: &[serde_json::Value]) {
        let query = twindex_lang::parse_query(text, &twindex_lang::limits::Limits::default());
        let query = query.unwrap();
        let answer = twindex_oracle::answer(&self.world, &query).unwrap();
        let tolerances = Tolerances::of(&query, &self.world);
        if let Err(difference) = answers_equal(rows, &answer.rows, &tolerances) {
            panic!("{text}\n{difference}\nengine: {rows:#?}\noracle: {:#?}", answer.rows);
        }
    }
}

fn print_page(page: &Page, text: &str, out: &mut String) {
    out.push_str(&draw(text, page.warnings()));
    for row in page.rows() {
        out.push_str(row);
        out.push('\n');
    }
}

#[test]
fn queries() {
    check_folder("query", &["plan", "page"], || {
        let mut bench = Bench::new();
        move |command: &Command| bench.run(command)
    });
}

#[test]
fn binding() {
    check_folder("bind", &[], || {
        let mut bench = Bench::new();
        move |command: &Command| bench.run(command)
    });
}

#[test]
fn plans() {
    check_folder("plan", &["plan"], || {
        let mut bench = Bench::new();
        move |command: &Command| bench.run(command)
    });
}

#[test]
fn parsing() {
    let run = |command: &Command| {
        let Command::Query { text, .. } = command else { return Err("only queries".to_owned()) };
        let parsed = twindex_lang::parse_statement(text, &twindex_lang::limits::Limits::default());
        parsed
            .map(|statement| format!("{statement}\n"))
            .map_err(|reasons: Vec<Diagnostic>| draw(text, &reasons))
    };
    check_folder("parse", &[], || run);
}
