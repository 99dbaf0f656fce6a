//! Starting the binary, and the twins it is asked about.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Five devices and a module, one a line.
pub(crate) const TWINS: &str = r#"{"deviceId":"d1","tags":{"site":"Aarhus","floor":1},"properties":{"desired":{"fw":"2.0"},"reported":{"fw":"1.9","temp":20.5}}}
{"deviceId":"d2","tags":{"site":"Turin","floor":2},"properties":{"desired":{"fw":"2.0"},"reported":{"fw":"2.0","temp":31}}}
{"deviceId":"d3","tags":{"site":"Aarhus","floor":"roof"},"properties":{"desired":{},"reported":{"temp":null}}}
{"deviceId":"d4","tags":{"note":"a, \"b\""},"properties":{"desired":{},"reported":{"temp":7}}}
{"deviceId":"d5","tags":{"site":"Turin"},"properties":{"desired":{"fw":"2.1"},"reported":{"fw":"2.0"}}}
{"deviceId":"d1","moduleId":"camera","tags":{},"properties":{"desired":{},"reported":{"fps":25}}}
"#;

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Asserts success and gives the lines of stdout.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<&str> {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout.lines().collect()
    }

    /// Asserts the exit code and that stderr holds `text`.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, text: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.stderr.contains(text), "no `{text}` in {self:?}");
    }
}

/// The binary, without the environment's say in it.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twindex"));
    command.args(arguments);
    for name in ["DB", "FORMAT", "STRICT", "TWINS", "SEED"] {
        command.env_remove(format!("TWINDEX_{name}"));
    }
    command
}

/// Runs the binary with nothing on stdin.
pub(crate) fn run(arguments: &[&str]) -> Run {
    run_with(arguments, b"")
}

/// Runs the binary with `input` on stdin.
pub(crate) fn run_with(arguments: &[&str], input: &[u8]) -> Run {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // Inputs are smaller than a pipe holds. A binary that does not read them is no failure.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().expect("the binary ends");
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// A folder of its own, with files in it.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// A folder with `twins.jsonl`, and that file's name.
    pub(crate) fn with_twins() -> (Self, String) {
        let folder = Self::new();
        let path = folder.write("twins.jsonl", TWINS.as_bytes());
        (folder, path)
    }

    /// Writes a file and gives its name.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a file is written");
        path
    }

    /// The name of a file.
    pub(crate) fn path(&self, name: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        path.to_str().expect("temporary paths are UTF-8").to_owned()
    }
}

/// Asks questions of [`TWINS`].
pub(crate) fn query(arguments: &[&str]) -> Run {
    let mut all = vec!["query", "--load", "-"];
    all.extend(arguments);
    run_with(&all, TWINS.as_bytes())
}
