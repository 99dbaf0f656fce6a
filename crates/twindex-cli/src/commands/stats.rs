//! `twindex stats`: where the memory is, by what it is for and by path.

use std::io::{self, IsTerminal as _, Write};

use serde_json::{Value, json};
use twindex::Memory;

use crate::args::{FiguresFormat, LoadArgs, StatsArgs};
use crate::failure::UsageError;
use crate::output::{Figures, bytes, count, plural};
use crate::resident::resident_bytes;
use crate::store::{IfMissing, open_and_load};

/// Opens the store or loads the files, and tells what they take.
pub(crate) fn run(args: &StatsArgs) -> anyhow::Result<()> {
    let before = resident_bytes();
    let input = LoadArgs {
        load: args.files.clone(),
        db: args.db.clone(),
        strict: false,
        read_only: args.db.is_some(),
    };
    if input.n_stdin() > 1 {
        let message = "stdin (`-`) can be read once only";
        return Err(UsageError(message.to_owned()).into());
    }
    let db = open_and_load(&input, IfMissing::Refuse)?;
    let told = Told { memory: db.memory(), before, resident: resident_bytes() };
    let mut out = io::stdout().lock();
    match args.format {
        FiguresFormat::Json => writeln!(out, "{}", told.json(args.paths))?,
        FiguresFormat::Table => told.write(args.paths, io::stdout().is_terminal(), &mut out)?,
    }
    Ok(out.flush()?)
}

/// What is told: the engine's own count, and what the system says of the process.
struct Told {
    memory: Memory,
    /// Resident before anything was loaded, where the system tells.
    before: Option<u64>,
    resident: Option<u64>,
}

impl Told {
    fn a_twin(&self, n_bytes: usize) -> String {
        #[allow(clippy::cast_precision_loss)] // figures for the eye
        let each = n_bytes as f64 / self.memory.n_twins.max(1) as f64;
        format!("{each:.1}")
    }

    fn share(&self, n_bytes: usize) -> String {
        #[allow(clippy::cast_precision_loss)] // figures for the eye
        let share = n_bytes as f64 * 100.0 / self.memory.total_bytes().max(1) as f64;
        format!("{share:.1} %")
    }

    fn write(
        &self,
        n_paths: Option<usize>,
        is_terminal: bool,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let total = self.memory.total_bytes();
        let mut figures = Figures::new(&["what", "bytes", "a twin", "share"], is_terminal);
        let line = |name: &str, n_bytes: usize| {
            [name.to_owned(), bytes(n_bytes as u64), self.a_twin(n_bytes), self.share(n_bytes)]
        };
        for part in self.memory.parts.iter().filter(|part| part.bytes > 0) {
            figures.push(line(part.name, part.bytes));
        }
        figures.push(line("total", total));
        figures.push(line("of which $metadata", self.memory.metadata_bytes));
        figures.push(line("of which slack", self.memory.slack_bytes));
        figures.write(out)?;
        if let Some(n_paths) = n_paths {
            self.write_paths(n_paths, is_terminal, out)?;
        }
        writeln!(out, "{}", plural(self.memory.n_twins, "twin"))?;
        let free = bytes(self.memory.free_block_bytes as u64);
        writeln!(out, "lane memory mapped beside that: {free}")?;
        let (Some(resident), Some(before)) = (self.resident, self.before) else { return Ok(()) };
        let (now, then) = (bytes(resident), bytes(before));
        writeln!(out, "resident: {now} of the process, {then} of it before the twins came")
    }

    fn write_paths(
        &self,
        n_paths: usize,
        is_terminal: bool,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let header = ["path", "bytes", "a twin", "share", "lanes", "forms"];
        let mut figures = Figures::new(&header, is_terminal);
        for path in self.memory.paths.iter().take(n_paths) {
            figures.push([
                path.path.clone(),
                bytes(path.bytes as u64),
                self.a_twin(path.bytes),
                self.share(path.bytes),
                count(path.n_lanes as u64),
                path.forms.join(", "),
            ]);
        }
        figures.write(out)
    }

    fn json(&self, n_paths: Option<usize>) -> Value {
        let memory = &self.memory;
        let parts: serde_json::Map<String, Value> =
            memory.parts.iter().map(|part| (part.name.to_owned(), part.bytes.into())).collect();
        let paths = memory.paths.iter().take(n_paths.unwrap_or(0)).map(|path| {
            let (bytes, lanes) = (path.bytes, path.n_lanes);
            json!({"path": path.path, "bytes": bytes, "lanes": lanes, "forms": path.forms})
        });
        json!({
            "twins": memory.n_twins,
            "bytes": memory.total_bytes(),
            "parts": parts,
            "metadata_bytes": memory.metadata_bytes,
            "slack_bytes": memory.slack_bytes,
            "free_block_bytes": memory.free_block_bytes,
            "resident_bytes": self.resident,
            "resident_bytes_before": self.before,
            "paths": paths.collect::<Vec<_>>(),
        })
    }
}
