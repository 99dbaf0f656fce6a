//! The fields of a twin that are written through the identity of its device or module.

use crate::json::patch_rules::Shape;
use crate::json::read::{Event, Leaf, Leaves};
use crate::json::reader::LeavesReader;
use crate::patch::error::{PatchError, PatchProblem};

/// Fields that the hub itself keeps up to date: writing them moves neither `version` nor an etag.
pub const QUIET_FIELDS: [&str; 2] = ["connectionState", "lastActivityTime"];

/// What clients send back with an identity and only the hub writes: passed over.
const PASSED_OVER: [&str; 14] = [
    "deviceId",
    "moduleId",
    "generationId",
    "etag",
    "deviceEtag",
    "version",
    "statusUpdateTime",
    "statusUpdatedTime",
    "connectionStateUpdatedTime",
    "authentication",
    "managedBy",
    "configurations",
    "$schema",
    "twinETag",
];

/// A field that can be written, and what it may hold.
#[derive(Clone, Copy, Debug)]
pub struct IdentityField {
    /// Its name.
    pub name: &'static str,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    /// One of these words.
    Word(&'static [&'static str], &'static str),
    /// A string of so many characters, or null: none.
    Text(usize),
    /// A string that is a time.
    Time,
    /// A whole number from 0.
    Count,
    /// An array of strings.
    Texts,
    /// An object whose entries are of a form of their own.
    Object(&'static [IdentityField], &'static str),
    Bool,
}

const fn field(name: &'static str, form: Form) -> IdentityField {
    IdentityField { name, form }
}

const STATUS: Form = Form::Word(&["enabled", "disabled"], "`enabled` or `disabled`");
const CONNECTION: Form =
    Form::Word(&["Connected", "Disconnected"], "`Connected` or `Disconnected`");
const AUTHENTICATION: Form = Form::Word(
    &["sas", "selfSigned", "certificateAuthority", "none"],
    "`sas`, `selfSigned`, `certificateAuthority` or `none`",
);

/// Every field that can be written.
const FIELDS: [IdentityField; 11] = [
    field("status", STATUS),
    field("statusReason", Form::Text(128)),
    field("connectionState", CONNECTION),
    field("lastActivityTime", Form::Time),
    field("cloudToDeviceMessageCount", Form::Count),
    field("authenticationType", AUTHENTICATION),
    field(
        "x509Thumbprint",
        Form::Object(
            &[
                field("primaryThumbprint", Form::Text(128)),
                field("secondaryThumbprint", Form::Text(128)),
            ],
            "an object with `primaryThumbprint` and `secondaryThumbprint`",
        ),
    ),
    field("modelId", Form::Text(2048)),
    field(
        "capabilities",
        Form::Object(&[field("iotEdge", Form::Bool)], "an object with `iotEdge`"),
    ),
    field("deviceScope", Form::Text(1024)),
    field("parentScopes", Form::Texts),
];

/// Reads identity fields: `{"status":"disabled","statusReason":"lost"}`.
///
/// Fields that only the hub writes are passed over, as clients send them back, and so is
/// `authentication`, which is no field of a twin. A field that is null is removed, or set to what
/// it is in a fresh twin.
///
/// # Errors
/// What no JSON object is, a field that cannot be written (a section among them), or a value of
/// the wrong type.
pub fn read_identity(text: &[u8]) -> Result<Leaves, PatchError> {
    let mut read = Leaves::default();
    LeavesReader::default().read_patch_into(text, (Shape::Identity, &mut read))?;
    let mut fields = Leaves::default();
    for (name, entry) in read.root_entries() {
        if PASSED_OVER.contains(&name) {
            continue;
        }
        let problem = match FIELDS.iter().find(|field| field.name == name) {
            None => Some((name, PatchProblem::FieldNotWritable)),
            Some(field) => {
                let wrong = field.wrong(&read, entry);
                wrong.map(|(name, expected)| (name, PatchProblem::FieldType { expected }))
            }
        };
        if let Some((name, problem)) = problem {
            let path = name.to_owned();
            return Err(PatchError { path, name: name.to_owned(), problem });
        }
        fields.push_entry(name, &read, entry);
    }
    Ok(fields)
}

impl IdentityField {
    /// What an entry should hold and does not, with the name of the field.
    fn wrong<'a>(&self, leaves: &'a Leaves, entry: &'a [Event]) -> Option<(&'a str, &'static str)>
    where
        Self: 'a,
    {
        let is_null = matches!(entry, [Event::Leaf { leaf: Leaf::Null, .. }]);
        let leaf = match entry {
            [Event::Leaf { leaf, .. }] => Some(*leaf),
            _ => None,
        };
        let (is_right, expected) = match (self.form, leaf) {
            _ if is_null => (true, ""),
            (Form::Word(words, expected), Some(Leaf::String(piece))) => {
                (words.contains(&leaves.str(piece)), expected)
            }
            (Form::Word(_, expected), _) => (false, expected),
            (Form::Text(chars_max), Some(Leaf::String(piece))) => {
                (leaves.str(piece).chars().count() <= chars_max, "a shorter string")
            }
            (Form::Text(_), _) => (false, "a string"),
            (Form::Time, leaf) => (matches!(leaf, Some(Leaf::String(_))), "a time"),
            (Form::Count, Some(Leaf::Number(n))) => {
                (n >= 0.0 && n.fract() == 0.0 && n <= f64::from(i32::MAX), "a 32-bit count")
            }
            (Form::Count, _) => (false, "a 32-bit count"),
            (Form::Texts, Some(Leaf::Array(piece))) => {
                (is_list_of_texts(leaves.str(piece)), "an array of strings")
            }
            (Form::Texts, _) => (false, "an array of strings"),
            (Form::Bool, leaf) => (matches!(leaf, Some(Leaf::Bool(_))), "`true` or `false`"),
            (Form::Object(fields, expected), None) => {
                return wrong_below(fields, leaves, entry, (self.name, expected));
            }
            (Form::Object(_, expected), Some(_)) => (false, expected),
        };
        (!is_right).then_some((self.name, expected))
    }
}

/// The same of the entries of an object.
fn wrong_below<'a>(
    fields: &'static [IdentityField],
    leaves: &'a Leaves,
    entry: &'a [Event],
    object: (&'static str, &'static str),
) -> Option<(&'a str, &'static str)> {
    leaves.entries(entry.get(1..)?).find_map(|(name, below)| {
        match fields.iter().find(|field| field.name == name) {
            Some(field) => field.wrong(leaves, below),
            None => Some(object),
        }
    })
}

/// Whether the canonical text of an array has strings alone.
fn is_list_of_texts(array: &str) -> bool {
    serde_json::from_str::<Vec<String>>(array).is_ok()
}
