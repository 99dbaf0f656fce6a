//! Reads a device twin as components and properties: desired and reported side by side.
//!
//! The root is a component too, the unnamed one, which alone can hold others. Everything is
//! borrowed; what is not conformant is found here, whoever reads.

use serde_json::{Map, Value};

use crate::ack::Ack;
use crate::error::{PnpError, Reason};
use crate::rules::{
    MARK, MARK_VALUE, METADATA, REPORTED_DEPTH_MAX, VALUE_DEPTH_MAX, VERSION, check_value, is_name,
};

/// One section's part of a component: its values and, alike in shape, its stamps.
#[derive(Clone, Copy, Debug, Default)]
struct Side<'a> {
    values: Option<&'a Map<String, Value>>,
    stamps: Option<&'a Map<String, Value>>,
}

/// A component, or the root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Component<'a> {
    /// `None` for the root.
    name: Option<&'a str>,
    desired: Side<'a>,
    reported: Side<'a>,
}

/// What a name of a component stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Member<'a> {
    /// A component of the root.
    Component(Component<'a>),
    /// A property.
    Property(Property<'a>),
}

/// A property, of which desired or reported or both say something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Property<'a> {
    /// What is wished for.
    pub(crate) desired: Option<&'a Value>,
    /// The `$version` of desired that brought the wish.
    pub(crate) desired_version: Option<&'a Value>,
    /// What the device says.
    pub(crate) reported: Option<Reported<'a>>,
}

/// A value that the device reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported<'a> {
    /// The value in force.
    pub(crate) value: &'a Value,
    /// How the device answered the wish, if it did.
    pub(crate) ack: Option<Ack<'a>>,
    /// When.
    pub(crate) time: Option<&'a Value>,
}

impl<'a> Side<'a> {
    fn section(twin: &'a Value, name: &str) -> Result<Self, PnpError> {
        let Some(section) = twin.get("properties").and_then(|properties| properties.get(name))
        else {
            return Ok(Self::default());
        };
        let Some(values) = section.as_object() else {
            let (property, path) = (name.to_owned(), String::new());
            return Err(PnpError::NotConformant { property, path, reason: Reason::Section });
        };
        Ok(Self { values: Some(values), stamps: values.get(METADATA).and_then(Value::as_object) })
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.values.and_then(|values| values.get(name))
    }

    fn stamp(&self, name: &str, key: &str) -> Option<&'a Value> {
        self.stamps.and_then(|stamps| stamps.get(name)).and_then(|stamp| stamp.get(key))
    }

    fn below(&self, name: &str) -> Self {
        let stamps = self.stamps.and_then(|stamps| stamps.get(name));
        Self {
            values: self.get(name).and_then(Value::as_object),
            stamps: stamps.and_then(Value::as_object),
        }
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        self.values.into_iter().flat_map(Map::keys).map(String::as_str)
    }
}

impl<'a> Component<'a> {
    /// The root of a device twin.
    pub(crate) fn root(twin: &'a Value) -> Result<Self, PnpError> {
        let desired = Side::section(twin, "desired")?;
        let reported = Side::section(twin, "reported")?;
        Ok(Self { name: None, desired, reported })
    }

    /// The component's members: those that are reported in their order, then those that are only
    /// wished for.
    ///
    /// # Errors
    /// [`PnpError::NotConformant`] for the first that is not.
    pub(crate) fn members(&self) -> Result<Vec<(&'a str, Member<'a>)>, PnpError> {
        let wished = self.desired.names().filter(|name| self.reported.get(name).is_none());
        self.reported
            .names()
            .chain(wished)
            .filter(|name| !self.is_bookkeeping(name))
            .map(|name| Ok((name, self.member(name)?)))
            .collect()
    }

    /// Whether desired knows the component.
    pub(crate) fn is_desired(&self) -> bool {
        self.desired.values.is_some()
    }

    fn is_bookkeeping(&self, name: &str) -> bool {
        match self.name {
            None => matches!(name, METADATA | VERSION),
            Some(_) => name == MARK,
        }
    }

    fn member(&self, name: &'a str) -> Result<Member<'a>, PnpError> {
        self.read_member(name).map_err(|reason| {
            let component = self.name.map(|name| format!("/{name}")).unwrap_or_default();
            let path = format!("{component}/{name}");
            PnpError::NotConformant { property: name.to_owned(), path, reason }
        })
    }

    fn read_member(&self, name: &'a str) -> Result<Member<'a>, Reason> {
        if !is_name(name) {
            return Err(Reason::Name);
        }
        let (desired, reported) = (self.desired.get(name), self.reported.get(name));
        if self.name.is_none() && is_component(desired, reported)? {
            let (desired, reported) = (self.desired.below(name), self.reported.below(name));
            return Ok(Member::Component(Component { name: Some(name), desired, reported }));
        }
        if let Some(desired) = desired {
            check_value(desired, VALUE_DEPTH_MAX)?;
        }
        let time = self.reported.stamp(name, "$lastUpdated");
        let reported = match reported {
            Some(reported) => Some(Reported::read(reported, time)?),
            None => None,
        };
        let desired_version = self.desired.stamp(name, "$lastUpdatedVersion");
        Ok(Member::Property(Property { desired, desired_version, reported }))
    }
}

impl Member<'_> {
    /// Whether reported knows it.
    pub(crate) fn is_reported(&self) -> bool {
        match self {
            Self::Component(component) => component.reported.values.is_some(),
            Self::Property(property) => property.reported.is_some(),
        }
    }
}

impl<'a> Reported<'a> {
    fn read(reported: &'a Value, time: Option<&'a Value>) -> Result<Self, Reason> {
        let ack = Ack::read(reported)?;
        match ack {
            Some(ack) => check_value(ack.value, VALUE_DEPTH_MAX)?,
            None => check_value(reported, REPORTED_DEPTH_MAX)?,
        }
        Ok(Self { value: ack.map_or(reported, |ack| ack.value), ack, time })
    }
}

/// Whether what the two sections hold under one name is a component. They must agree.
fn is_component(desired: Option<&Value>, reported: Option<&Value>) -> Result<bool, Reason> {
    match (desired.map(is_marked).transpose()?, reported.map(is_marked).transpose()?) {
        (Some(desired), Some(reported)) if desired != reported => Err(Reason::ComponentOrProperty),
        (desired, reported) => Ok(desired.or(reported).unwrap_or(false)),
    }
}

fn is_marked(value: &Value) -> Result<bool, Reason> {
    match value.get(MARK) {
        None => Ok(false),
        Some(Value::String(mark)) if mark == MARK_VALUE => Ok(true),
        Some(_) => Err(Reason::Mark),
    }
}
