//! `twindex generate`: a fleet as JSON Lines.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::Path;

use anyhow::Context as _;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::args::GenerateArgs;
use crate::fleet::FleetText;
use crate::output::{bytes, plural, twins_bar};

/// Level of zstd: its own default.
const ZSTD_LEVEL: i32 = 3;

/// Writes the fleet.
pub(crate) fn run(args: &GenerateArgs) -> anyhow::Result<()> {
    let fleet = FleetText::new(args.fleet);
    match &args.out {
        None => {
            // A bar between the lines of a terminal would be noise.
            let shows_bar = !io::stdout().is_terminal();
            write(&fleet, &mut io::stdout().lock(), shows_bar)?;
        }
        Some(path) => {
            let name = path.display();
            let n_bytes =
                write_file(&fleet, path).with_context(|| format!("cannot write `{name}`"))?;
            let twins = plural(fleet.n_twins(), "twin");
            writeln!(io::stderr(), "{name}: {twins}, {} of JSON", bytes(n_bytes))?;
        }
    }
    Ok(())
}

/// Writes a file, compressed as its name asks. Gives the bytes of text.
fn write_file(fleet: &FleetText, path: &Path) -> io::Result<u64> {
    let file = BufWriter::new(File::create(path)?);
    let (n_bytes, mut file) = match path.extension().and_then(OsStr::to_str) {
        Some("gz") => {
            let mut encoder = GzEncoder::new(file, Compression::default());
            (write(fleet, &mut encoder, true)?, encoder.finish()?)
        }
        Some("zst") => {
            let mut encoder = zstd::Encoder::new(file, ZSTD_LEVEL)?;
            (write(fleet, &mut encoder, true)?, encoder.finish()?)
        }
        _ => {
            let mut file = file;
            (write(fleet, &mut file, true)?, file)
        }
    };
    file.flush()?;
    Ok(n_bytes)
}

fn write(fleet: &FleetText, out: &mut dyn Write, shows_bar: bool) -> io::Result<u64> {
    let bar = twins_bar("generating", if shows_bar { Some(fleet.n_twins()) } else { None });
    let mut n_bytes = 0;
    for chunk in fleet.chunks() {
        chunk.write(out)?;
        n_bytes += chunk.n_bytes();
        bar.inc(chunk.n_twins);
    }
    out.flush()?;
    bar.finish_and_clear();
    Ok(n_bytes)
}
