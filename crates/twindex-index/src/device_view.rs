//! What a device may see of its twin: desired and reported properties with their versions.
//!
//! Built from the parts that are allowed, each asked for by name, never by removing others from
//! the whole twin: a tag cannot leak through what nobody thought of.

use twindex_model::cell::Cell;
use twindex_model::number::write_number;
use twindex_model::path::PathId;

use crate::view::SegmentView;

/// The sections that a device sees.
const SECTIONS: [&str; 2] = ["desired", "reported"];

impl SegmentView<'_> {
    /// Appends the JSON text of a twin as its device sees it:
    /// `{"desired":{…,"$version":1},"reported":{…,"$version":1}}`, without `$metadata`.
    pub fn write_device_view(&self, row: u16, out: &mut String) {
        for (section, before) in SECTIONS.into_iter().zip(["{\"", ",\""]) {
            out.push_str(before);
            out.push_str(section);
            out.push_str("\":{");
            self.write_properties(self.catalog().path(&["properties", section]), row, out);
            out.push('}');
        }
        out.push('}');
    }

    /// Appends the entries of a section, the hub's own left out, and its version.
    fn write_properties(&self, section: Option<PathId>, row: u16, out: &mut String) {
        let mut version = 1.0;
        let children = section.into_iter().flat_map(|path| self.catalog().children(Some(path)));
        for (key, path) in children {
            if key.starts_with('$') {
                if let ("$version", Cell::Number(number)) = (&**key, self.cell(*path, row)) {
                    version = number;
                }
                continue;
            }
            let n_bytes = out.len();
            out.push_str(self.catalog().fragment(*path));
            if self.write_value(*path, row, out) {
                out.push(',');
            } else {
                out.truncate(n_bytes);
            }
        }
        out.push_str("\"$version\":");
        write_number(out, version);
    }
}
