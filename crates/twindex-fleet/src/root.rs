//! The fields at the root of a twin, in the order in which a hub prints them.

use crate::dice::{Dice, scatter};
use crate::fleet::BLOCK;
use crate::model::Model;
use crate::section::{END, NEVER, Stamps, bool_text, push_key, push_string};
use crate::text::{
    DAY, LOWER, SECOND, UPPER, push_base64, push_hex, push_int, push_padded, push_time,
};
use crate::world::World;

/// What identifies a twin and its state towards the hub.
pub(crate) struct Root {
    /// Number of the twin.
    pub(crate) number: u64,
    /// Whether it was ever heard of.
    pub(crate) is_used: bool,
    pub(crate) is_connected: bool,
    /// Number of service writes, and the root version.
    pub(crate) service_writes: u64,
    pub(crate) version: u64,
}

impl Root {
    /// When a twin was heard of last: most are connected, some are not, a few for months.
    pub(crate) fn draw_last(is_connected: bool, dice: &mut Dice) -> u64 {
        let age = if is_connected { dice.below(3600 * SECOND) } else { dice.skewed(90 * DAY) };
        END - age - SECOND - dice.below(SECOND)
    }

    /// Writes the fields from `etag` to `version`.
    pub(crate) fn write(
        &self,
        world: &World,
        model_id: &str,
        stamps: &Stamps,
        (dice, out): (&mut Dice, &mut String),
    ) {
        self.write_etags(world, out);
        self.write_status(stamps, dice, out);
        self.write_authentication(world, dice, out);
        push_key(out, "modelId");
        push_string(out, model_id);
        push_key(out, "version");
        push_int(out, self.version);
    }

    fn write_etags(&self, world: &World, out: &mut String) {
        push_key(out, "etag");
        out.push('"');
        push_base64(out, &(1 + self.service_writes).to_be_bytes());
        out.push('"');
        push_key(out, "deviceEtag");
        out.push('"');
        let mut digits = String::with_capacity(10);
        push_int(&mut digits, scatter(world.seed, self.number, 30));
        push_base64(out, digits.as_bytes());
        out.push('"');
    }

    fn write_status(&self, stamps: &Stamps, dice: &mut Dice, out: &mut String) {
        let is_enabled = dice.per_mille(965);
        push_key(out, "status");
        push_string(out, if is_enabled { "enabled" } else { "disabled" });
        if !is_enabled {
            push_key(out, "statusReason");
            push_string(out, dice.pick(&["maintenance", "stolen", "unpaid", "replaced"]));
        }
        push_key(out, "statusUpdateTime");
        let changed = !is_enabled || dice.per_mille(150);
        push_stamp(
            out,
            changed.then(|| stamps.created() + dice.below(stamps.last() - stamps.created())),
        );
        push_key(out, "connectionState");
        push_string(out, if self.is_connected { "Connected" } else { "Disconnected" });
        push_key(out, "lastActivityTime");
        push_stamp(out, self.is_used.then_some(stamps.last() + dice.below(SECOND)));
        push_key(out, "cloudToDeviceMessageCount");
        push_int(out, if self.is_connected { 0 } else { dice.skewed(20) });
    }

    fn write_authentication(&self, world: &World, dice: &mut Dice, out: &mut String) {
        push_key(out, "authenticationType");
        let kind = match dice.below(100) {
            0..78 => "sas",
            78..95 => "certificateAuthority",
            _ => "selfSigned",
        };
        push_string(out, kind);
        push_key(out, "x509Thumbprint");
        out.push('{');
        for key in ["primaryThumbprint", "secondaryThumbprint"] {
            push_key(out, key);
            if kind == "selfSigned" {
                out.push('"');
                push_hex(out, dice.next(), 16, UPPER);
                push_hex(out, dice.next(), 16, UPPER);
                push_hex(out, scatter(world.seed, self.number, 32), 8, UPPER);
                out.push('"');
            } else {
                out.push_str("null");
            }
        }
        out.push('}');
    }
}

/// Writes a time, or the one that means never.
fn push_stamp(out: &mut String, time: Option<u64>) {
    out.push('"');
    match time {
        Some(ticks) => push_time(out, ticks),
        None => out.push_str(NEVER),
    }
    out.push('"');
}

/// Appends the id of device number `number`, such as `pump-0004711`.
pub(crate) fn push_device_id(out: &mut String, model: Model, number: u64) {
    out.push_str(model.facts().prefix);
    out.push('-');
    push_padded(out, number, 7);
}

/// Appends the scope of the gateway in the block of `number`.
pub(crate) fn push_gateway_scope(out: &mut String, world: &World, number: u64) {
    let gateway = number - number % BLOCK;
    out.push_str("\"ms-azure-iot-edge://");
    push_device_id(out, Model::Gateway, gateway);
    out.push('-');
    // Ticks since the year 1, as a hub writes them.
    push_int(out, 638_000_000_000_000_000 + scatter(world.seed, gateway, 48));
    out.push('"');
}

/// Writes `capabilities`.
pub(crate) fn push_capabilities(out: &mut String, is_edge: bool) {
    push_key(out, "capabilities");
    out.push_str("{\"iotEdge\":");
    out.push_str(bool_text(is_edge));
    out.push('}');
}

/// Appends a hardware address that no other twin has.
pub(crate) fn push_mac(out: &mut String, world: &World, number: u64) {
    let address = scatter(world.seed, number, 40);
    out.push_str("\"02");
    for octet in (0..5).rev() {
        out.push(':');
        push_hex(out, address >> (8 * octet), 2, LOWER);
    }
    out.push('"');
}
