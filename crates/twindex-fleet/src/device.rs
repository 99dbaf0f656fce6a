//! Device twins.

use crate::dice::{Dice, Stream, scatter};
use crate::fleet::BLOCK;
use crate::model::{Model, Wish};
use crate::root::{Root, push_capabilities, push_device_id, push_gateway_scope, push_mac};
use crate::section::{Mirror, NEVER, SectionWriter, Stamps, push_key, push_string};
use crate::text::{SECOND, UPPER, push_decimal, push_hex, push_int, push_time};
use crate::world::{FIRMWARES, World, push_customer};

/// What else than the twin itself must be known of a device, by its number.
pub(crate) struct Device {
    pub(crate) model: Model,
    pub(crate) is_connected: bool,
    pub(crate) customer: usize,
}

impl Device {
    pub(crate) fn at(world: &World, number: u64) -> Self {
        let mut dice = Dice::new(world.seed, Stream::Device, number);
        let is_gateway = number.is_multiple_of(BLOCK);
        let model = if is_gateway { Model::Gateway } else { Model::draw(&mut dice) };
        let is_connected = dice.per_mille(if is_gateway { 985 } else { 860 });
        Self { model, is_connected, customer: world.customers.draw(&mut dice) }
    }
}

/// The choices that several parts of a twin share.
struct Draft {
    device: Device,
    number: u64,
    stamps: Stamps,
    /// Whether the device was ever connected: if not, it reported nothing.
    is_used: bool,
    desired_firmware: usize,
    wish: Wish,
    interval: u64,
    has_rollout: bool,
}

/// Appends device twin number `number`.
pub(crate) fn write_device(world: &World, number: u64, out: &mut String) {
    let mut dice = Dice::new(world.seed, Stream::Twin, number);
    let draft = Draft::draw(world, number, &mut dice);
    let facts = draft.device.model.facts();
    out.push_str("{\"deviceId\":\"");
    push_device_id(out, draft.device.model, number);
    out.push('"');
    let (desired, tags) = (draft.stamps.version(4), 1 + dice.skewed(9));
    let reported = if draft.is_used { 2 + dice.skewed(40_000) } else { 1 };
    let root = Root {
        number,
        is_used: draft.is_used,
        is_connected: draft.is_used && draft.device.is_connected,
        service_writes: desired - 1 + tags,
        version: desired + reported + tags,
    };
    root.write(world, facts.model_id, &draft.stamps, (&mut dice, out));
    draft.write_tags(world, &mut dice, out);
    let mut metadata = String::with_capacity(2048);
    out.push_str(",\"properties\":{\"desired\":");
    draft.write_desired(desired, &mut metadata, out);
    out.push_str(",\"reported\":");
    if draft.is_used {
        draft.write_reported(world, reported, (&mut dice, &mut metadata, out));
    } else {
        out.push_str("{\"$metadata\":{\"$lastUpdated\":\"");
        out.push_str(NEVER);
        out.push_str("\"},\"$version\":1}");
    }
    out.push('}');
    draft.write_rest(world, &mut dice, out);
    out.push('}');
}

impl Draft {
    fn draw(world: &World, number: u64, dice: &mut Dice) -> Self {
        let device = Device::at(world, number);
        let is_used = !dice.per_mille(12);
        let last = Root::draw_last(device.is_connected, dice);
        let stamps = Stamps::draw(dice, last);
        let wish = Wish::draw(dice, stamps.version(4));
        Self {
            device,
            number,
            stamps,
            is_used,
            desired_firmware: dice.skewed(8) as usize,
            wish,
            interval: dice.pick(&[10, 30, 60, 60, 60, 60, 300, 300, 900, 3600]),
            has_rollout: dice.per_mille(300),
        }
    }

    fn write_tags(&self, world: &World, dice: &mut Dice, out: &mut String) {
        let facts = self.device.model.facts();
        push_key(out, "tags");
        out.push('{');
        push_key(out, "customer");
        out.push('"');
        push_customer(out, self.device.customer);
        out.push('"');
        if !dice.per_mille(40) {
            push_key(out, "env");
            push_string(out, dice.pick_skewed(&["prod", "prod", "prod", "prod", "test", "dev"]));
        }
        push_key(out, "deviceType");
        push_string(out, facts.device_type);
        push_key(out, "ring");
        push_string(out, dice.pick_skewed(&["broad", "broad", "early", "canary"]));
        self.write_location(world, dice, out);
        if !dice.per_mille(200) {
            write_labels(facts.labels, dice, out);
        }
        if dice.per_mille(600) {
            push_key(out, "owner");
            push_string(out, dice.pick_skewed(&OWNERS));
        }
        push_key(out, "installedAt");
        out.push('"');
        let installed = self.stamps.created() / (60 * SECOND) * (60 * SECOND);
        push_time(out, installed);
        out.push('"');
        if dice.below(4096) == 0 {
            push_key(out, "pilot");
            push_string(out, "2025-winter");
        }
        out.push('}');
    }

    fn write_location(&self, world: &World, dice: &mut Dice, out: &mut String) {
        let site = world.site(self.device.customer, dice);
        push_key(out, "location");
        out.push('{');
        for (key, value) in [("region", site.region()), ("country", site.country())] {
            push_key(out, key);
            push_string(out, value);
        }
        push_key(out, "site");
        out.push('"');
        site.push_name(out);
        out.push('"');
        push_key(out, "building");
        out.push_str("\"B");
        push_int(out, 1 + dice.below(site.n_buildings));
        out.push('"');
        push_key(out, "floor");
        match dice.below(100) {
            0..8 => push_string(out, "G"),
            8..12 => push_string(out, "roof"),
            _ => push_int(out, dice.below(site.n_floors + 1)),
        }
        for (key, degrees) in [("lat", site.latitude), ("lon", site.longitude)] {
            push_key(out, key);
            push_decimal(out, degrees + dice.below(200) as i64, 5);
        }
        out.push('}');
    }

    fn write_desired(&self, version: u64, metadata: &mut String, out: &mut String) {
        let stamps = &self.stamps;
        let mut section = SectionWriter::begin(out, metadata, stamps, Mirror::TimesAndVersions, 4);
        section.open("firmware", 4);
        section.string("version", 4, FIRMWARES[self.desired_firmware]);
        section.close();
        section.int("telemetryInterval", 2, self.interval);
        self.device.model.write_desired(&self.wish, &mut section);
        section.end(version);
    }

    fn write_reported(
        &self,
        world: &World,
        version: u64,
        (dice, metadata, out): (&mut Dice, &mut String, &mut String),
    ) {
        let mut section = SectionWriter::begin(out, metadata, &self.stamps, Mirror::Times, 11);
        let serial = section.leaf("serialNumber", 0);
        serial.push_str("\"SN");
        push_hex(serial, scatter(world.seed, self.number, 36), 9, UPPER);
        serial.push('"');
        self.report_firmware(world, &mut section, dice);
        if !dice.per_mille(50) {
            let interval = if dice.per_mille(60) { 600 } else { self.interval };
            section.int("telemetryInterval", 4, interval);
        }
        self.report_connectivity(world, &mut section, dice);
        let model = self.device.model;
        if model.facts().battery {
            section.open("battery", 11);
            section.int("level", 11, 100 - dice.skewed(101));
            section.close();
        }
        if !dice.per_mille(20) {
            section.string("status", 9, dice.pick_skewed(&STATES));
        }
        if !matches!(model, Model::Thermostat | Model::Sensor) {
            self.report_uptime(&mut section);
        }
        report_errors(&mut section, dice);
        let lags = dice.per_mille(70);
        let known = if lags { Wish::draw(dice, self.stamps.version(2)) } else { self.wish };
        self.device.model.write_reported(&known, &mut section, dice);
        section.end(version);
    }

    /// The last reboot, reported at stamp 7, and the seconds since then.
    fn report_uptime(&self, section: &mut SectionWriter<'_>) {
        let reboot = self.stamps.time(7) / SECOND;
        section.int("uptimeSeconds", 11, self.stamps.last() / SECOND - reboot);
        let text = section.leaf("lastReboot", 7);
        text.push('"');
        push_time(text, reboot * SECOND);
        text.push('"');
    }

    fn report_firmware(&self, world: &World, section: &mut SectionWriter<'_>, dice: &mut Dice) {
        let lags = dice.per_mille(140);
        let version = if lags { world.firmwares.draw(dice) } else { self.desired_firmware };
        section.open("firmware", 8);
        section.string("version", 8, FIRMWARES[version]);
        let build = 1000 + 37 * version as u64;
        match dice.below(100) {
            0..78 => section.int("build", 8, build),
            78..90 => {
                let text = section.leaf("build", 8);
                text.push('"');
                push_int(text, build);
                text.push_str("-rc1\"");
            }
            _ => {}
        }
        section.close();
    }

    fn report_connectivity(&self, world: &World, section: &mut SectionWriter<'_>, dice: &mut Dice) {
        let kind = dice.pick(&self.device.model.facts().connectivity);
        section.open("connectivity", 10);
        section.string("type", 3, kind);
        if kind != "ethernet" {
            let rssi = section.leaf("rssi", 10);
            push_decimal(rssi, -(30 + dice.below(80) as i64), 0);
        }
        let address = scatter(world.seed, self.number, 24);
        let ip = section.leaf("ipAddress", 8);
        ip.push_str("\"10");
        for octet in [address >> 16, address >> 8 & 255, address & 255] {
            ip.push('.');
            push_int(ip, octet);
        }
        ip.push('"');
        if matches!(self.device.model, Model::Gateway | Model::Camera) {
            push_mac(section.leaf("mac", 0), world, self.number);
        }
        section.close();
    }

    fn write_rest(&self, world: &World, dice: &mut Dice, out: &mut String) {
        let is_gateway = self.device.model == Model::Gateway;
        push_capabilities(out, is_gateway);
        if is_gateway {
            push_key(out, "deviceScope");
            push_gateway_scope(out, world, self.number);
        } else if dice.per_mille(350) {
            push_key(out, "deviceScope");
            push_gateway_scope(out, world, self.number);
            push_key(out, "parentScopes");
            out.push('[');
            push_gateway_scope(out, world, self.number);
            out.push(']');
        }
        if self.has_rollout {
            push_key(out, "configurations");
            out.push('{');
            push_key(out, dice.pick(&["fw-2025-q3", "fw-2025-q4", "telemetry-eco"]));
            out.push_str("{\"status\":");
            push_string(out, if dice.per_mille(850) { "Applied" } else { "Targeted" });
            out.push_str("}}");
        }
    }
}

/// Writes up to three different labels, in the order of `labels`.
fn write_labels(labels: &[&str], dice: &mut Dice, out: &mut String) {
    push_key(out, "labels");
    out.push('[');
    let mut n = 0;
    for label in labels {
        if n < 3 && dice.per_mille(350) {
            if n > 0 {
                out.push(',');
            }
            push_string(out, label);
            n += 1;
        }
    }
    out.push(']');
}

/// Writes the errors that a device remembers: most say nothing, some say that there are none.
fn report_errors(section: &mut SectionWriter<'_>, dice: &mut Dice) {
    let n = match dice.below(100) {
        0..82 => return,
        82..90 => 0,
        _ => 1 + dice.skewed(3),
    };
    let errors = section.leaf("errors", 9);
    errors.push('[');
    for at in 0..n {
        errors.push_str(if at == 0 { "{" } else { ",{" });
        push_key(errors, "code");
        push_string(errors, dice.pick_skewed(&["E101", "E104", "E230", "E555", "E900"]));
        push_key(errors, "count");
        push_int(errors, 1 + dice.skewed(50));
        errors.push('}');
    }
    errors.push(']');
}

/// `tags.owner`, the most frequent first.
const OWNERS: [&str; 10] = [
    "facilities",
    "it-operations",
    "tenant-services",
    "Zoë Müller",
    "energy-team",
    "security",
    "José Álvarez",
    "contractor-7",
    "李伟",
    "research",
];

/// `properties.reported.status`, the most frequent first.
const STATES: [&str; 6] = ["ok", "ok", "ok", "warning", "updating", "error"];
