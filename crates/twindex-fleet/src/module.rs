//! Module twins of gateways.

use crate::device::Device;
use crate::dice::{Dice, Stream};
use crate::fleet::BLOCK;
use crate::model::Model;
use crate::root::{Root, push_device_id};
use crate::section::{Mirror, SectionWriter, Stamps, push_key, push_string};
use crate::text::push_int;
use crate::world::World;

/// What the third module of a gateway may be.
const WORKLOADS: [&str; 6] =
    ["camera", "modbusAdapter", "opcPublisher", "tempFilter", "inference", "storageSync"];

/// Versions of the edge runtime, the most frequent first.
const RUNTIMES: [&str; 5] = ["1.5.6", "1.5.4", "1.4.33", "1.4.20", "1.2.10"];

/// One module twin in the making.
struct Module {
    name: &'static str,
    /// Places in [`RUNTIMES`]: desired, and what runs.
    wanted: usize,
    running: usize,
    desired_version: u64,
}

/// Appends the module twin number `number`, which is the `slot`-th of its gateway.
pub(crate) fn write_module(world: &World, number: u64, slot: u64, out: &mut String) {
    let mut dice = Dice::new(world.seed, Stream::Twin, number);
    let gateway = number - number % BLOCK;
    let is_connected = Device::at(world, gateway).is_connected;
    let last = Root::draw_last(is_connected, &mut dice);
    let stamps = Stamps::draw(&mut dice, last);
    let wanted = dice.skewed(RUNTIMES.len() as u64) as usize;
    let lags = dice.per_mille(120);
    let module = Module {
        name: match slot {
            1 => "$edgeAgent",
            2 => "$edgeHub",
            _ => dice.pick_skewed(&WORKLOADS),
        },
        wanted,
        running: if lags { dice.skewed(RUNTIMES.len() as u64) as usize } else { wanted },
        desired_version: stamps.version(4),
    };
    out.push_str("{\"deviceId\":\"");
    push_device_id(out, Model::Gateway, gateway);
    out.push('"');
    push_key(out, "moduleId");
    push_string(out, module.name);
    let (desired, reported) = (module.desired_version, 2 + dice.skewed(9000));
    let service_writes = desired - 1;
    let version = desired + reported;
    let root = Root { number, is_used: true, is_connected, service_writes, version };
    root.write(world, "", &stamps, (&mut dice, out));
    module.write_tags(&mut dice, out);
    let mut metadata = String::with_capacity(1024);
    out.push_str(",\"properties\":{\"desired\":");
    let mirror = Mirror::TimesAndVersions;
    let mut section = SectionWriter::begin(out, &mut metadata, &stamps, mirror, 4);
    module.write_desired(&mut section);
    section.end(desired);
    out.push_str(",\"reported\":");
    let mut section = SectionWriter::begin(out, &mut metadata, &stamps, Mirror::Times, 11);
    module.write_reported(&mut section, &mut dice);
    section.end(reported);
    out.push_str("}}");
}

impl Module {
    fn is_system(&self) -> bool {
        self.name.starts_with('$')
    }

    fn write_tags(&self, dice: &mut Dice, out: &mut String) {
        push_key(out, "tags");
        out.push('{');
        if !self.is_system() {
            push_key(out, "role");
            push_string(out, dice.pick(&["ingest", "vision", "control"]));
        }
        out.push('}');
    }

    fn write_desired(&self, section: &mut SectionWriter<'_>) {
        section.string("schemaVersion", 0, "1.1");
        match self.name {
            "$edgeAgent" => {
                section.open("runtime", 2);
                section.string("type", 1, "docker");
                section.open("settings", 2);
                section.string("minDockerVersion", 2, "v1.25");
                section.close();
                section.close();
                section.open("systemModules", 4);
                section.open("edgeHub", 4);
                section.string("version", 4, RUNTIMES[self.wanted]);
                section.string("status", 3, "running");
                section.string("restartPolicy", 3, "always");
                section.close();
                section.close();
            }
            "$edgeHub" => {
                section.open("routes", 3);
                section.string("upstream", 3, "FROM /messages/* INTO $upstream");
                section.close();
                section.open("storeAndForwardConfiguration", 4);
                section.int("timeToLiveSecs", 4, 7200);
                section.close();
            }
            _ => {
                section.string("version", 4, RUNTIMES[self.wanted]);
                section.bool("enabled", 2, self.wanted != 4);
                section.int("batchSize", 3, 100 * (1 + self.wanted as u64));
            }
        }
    }

    fn write_reported(&self, section: &mut SectionWriter<'_>, dice: &mut Dice) {
        section.string("schemaVersion", 2, "1.1");
        section.open("version", 5);
        section.string("version", 5, RUNTIMES[self.running]);
        section.string("build", 5, ["76543210", "70012345"][usize::from(self.running > 1)]);
        section.close();
        section.int("lastDesiredVersion", 6, self.desired_version);
        section.open("lastDesiredStatus", 7);
        let code = dice.pick_skewed(&[200, 200, 200, 200, 406, 412, 500]);
        section.int("code", 7, code);
        section.string("description", 6, if code == 200 { "" } else { "see log" });
        section.close();
        match self.name {
            "$edgeAgent" => {
                section.open("modules", 11);
                section.open("edgeHub", 11);
                section.string(
                    "runtimeStatus",
                    11,
                    dice.pick_skewed(&["running", "running", "backoff"]),
                );
                section.int("restartCount", 9, dice.skewed(30));
                section.int("exitCode", 8, 0);
                section.close();
                section.close();
            }
            "$edgeHub" => {
                let clients = section.leaf("clients", 11);
                clients.push('[');
                for client in 0..dice.skewed(5) {
                    clients.push_str(if client == 0 { "{\"slot\":" } else { ",{\"slot\":" });
                    push_int(clients, client);
                    clients.push_str(",\"status\":");
                    push_string(clients, dice.pick_skewed(&["Connected", "Disconnected"]));
                    clients.push('}');
                }
                clients.push(']');
                section.int("queued", 10, dice.skewed(100_000));
            }
            _ => {
                section.string("status", 9, dice.pick(&["scanning", "idle", "idle", "fault"]));
                section.bool("enabled", 8, self.running != 4);
                section.int("framesDropped", 10, dice.skewed(10_000));
                section.decimal("latencyMs", 11, dice.skewed(50_000) as i64, 2);
            }
        }
    }
}
