//! The device models, and the properties that only one of them has.

use crate::dice::Dice;
use crate::section::{SectionWriter, push_key, push_string};
use crate::text::{push_decimal, push_int};

/// A device model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    Gateway,
    Thermostat,
    Sensor,
    Pump,
    Meter,
    Camera,
}

/// What device models share in form.
pub(crate) struct Facts {
    /// How ids of such devices begin.
    pub(crate) prefix: &'static str,
    /// `tags.deviceType`.
    pub(crate) device_type: &'static str,
    pub(crate) model_id: &'static str,
    /// How they are connected, one entry for each tenth of them.
    pub(crate) connectivity: [&'static str; 10],
    /// Whether they run on a battery.
    pub(crate) battery: bool,
    /// What their labels are taken from.
    pub(crate) labels: &'static [&'static str],
}

const ETHERNET: [&str; 10] = ["ethernet"; 10];
const WIRELESS: [&str; 10] =
    ["wifi", "wifi", "wifi", "wifi", "wifi", "cellular", "cellular", "lora", "lora", "ethernet"];
const CELLULAR: [&str; 10] = [
    "cellular",
    "cellular",
    "cellular",
    "cellular",
    "cellular",
    "cellular",
    "cellular",
    "lora",
    "wifi",
    "satellite",
];

impl Model {
    /// The model of a device that is no gateway.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        match dice.below(100) {
            0..42 => Self::Thermostat,
            42..68 => Self::Sensor,
            68..82 => Self::Pump,
            82..93 => Self::Meter,
            _ => Self::Camera,
        }
    }

    pub(crate) fn facts(self) -> &'static Facts {
        match self {
            Self::Gateway => &GATEWAY,
            Self::Thermostat => &THERMOSTAT,
            Self::Sensor => &SENSOR,
            Self::Pump => &PUMP,
            Self::Meter => &METER,
            Self::Camera => &CAMERA,
        }
    }

    /// Writes the desired properties of this model alone.
    pub(crate) fn write_desired(self, wish: &Wish, section: &mut SectionWriter<'_>) {
        match self {
            Self::Gateway => {
                section.string("logLevel", 1, wish.log_level());
                section.open("upstream", 2);
                section.string("protocol", 2, wish.protocol());
                section.int("maxBatch", 0, wish.batch());
                section.close();
            }
            Self::Thermostat => {
                section.open("thermostat1", 3);
                section.string("__t", 1, "c");
                section.decimal("targetTemperature", 3, wish.target(), 1);
                section.close();
            }
            Self::Sensor => {
                section.open("reporting", 3);
                section.bool("enabled", 3, wish.is_on());
                section.close();
            }
            Self::Pump => {
                section.string("mode", 1, wish.mode());
                section.int("maxRpm", 3, wish.max_rpm());
            }
            Self::Meter => {
                section.string("tariff", 1, wish.tariff());
                section.int("samplingHz", 3, wish.sampling());
            }
            Self::Camera => {
                section.open("stream", 3);
                section.int("fps", 3, wish.fps());
                section.string("resolution", 1, wish.resolution());
                section.close();
                section.bool("motionDetection", 0, wish.is_on());
            }
        }
    }

    /// Writes the reported properties of this model alone. `wish` is what was desired, or for a
    /// device that lags behind something else.
    pub(crate) fn write_reported(
        self,
        wish: &Wish,
        section: &mut SectionWriter<'_>,
        dice: &mut Dice,
    ) {
        match self {
            Self::Gateway => report_gateway(wish, section, dice),
            Self::Thermostat => report_thermostat(wish, section, dice),
            Self::Sensor => report_sensor(wish, section, dice),
            Self::Pump => report_pump(wish, section, dice),
            Self::Meter => report_meter(wish, section, dice),
            Self::Camera => report_camera(wish, section, dice),
        }
    }
}

/// The choices behind the desired properties of one device.
#[derive(Clone, Copy)]
pub(crate) struct Wish {
    /// Below 10, small ones more likely.
    level: u64,
    /// The desired `$version` that the device knows of.
    version: u64,
}

impl Wish {
    pub(crate) fn draw(dice: &mut Dice, version: u64) -> Self {
        Self { level: dice.skewed(10), version }
    }

    fn is_on(self) -> bool {
        !self.level.is_multiple_of(3)
    }

    fn log_level(self) -> &'static str {
        ["info", "warning", "debug"][self.level as usize % 3]
    }

    fn protocol(self) -> &'static str {
        ["amqp", "mqtt", "amqp-ws"][self.level as usize % 3]
    }

    fn batch(self) -> u64 {
        50 * (1 + self.level % 4)
    }

    /// A target temperature in tenths of a degree.
    fn target(self) -> i64 {
        190 + 5 * self.level as i64
    }

    fn mode(self) -> &'static str {
        ["auto", "manual", "standby"][self.level as usize % 3]
    }

    fn max_rpm(self) -> u64 {
        1000 + 250 * self.level
    }

    fn tariff(self) -> &'static str {
        ["T1", "T2", "T3"][self.level as usize % 3]
    }

    fn sampling(self) -> u64 {
        1 + self.level
    }

    fn fps(self) -> u64 {
        [30, 15, 25, 60][self.level as usize % 4]
    }

    fn resolution(self) -> &'static str {
        ["1920x1080", "1280x720", "3840x2160"][self.level as usize % 3]
    }
}

fn report_gateway(wish: &Wish, section: &mut SectionWriter<'_>, dice: &mut Dice) {
    section.string("logLevel", 6, wish.log_level());
    section.open("upstream", 10);
    section.string("protocol", 6, wish.protocol());
    section.int("maxBatch", 6, wish.batch());
    section.int("backlog", 10, dice.skewed(5000));
    section.close();
    section.int("cpuPercent", 11, dice.below(101));
}

/// A component whose writable property is acknowledged.
fn report_thermostat(wish: &Wish, section: &mut SectionWriter<'_>, dice: &mut Dice) {
    section.open("thermostat1", 6);
    section.string("__t", 2, "c");
    section.open("targetTemperature", 6);
    section.decimal("value", 6, wish.target(), 1);
    section.int("ac", 6, dice.pick_skewed(&[200, 200, 200, 200, 202, 203, 400, 500]));
    section.int("av", 6, wish.version);
    if dice.per_mille(250) {
        section.string("ad", 6, "completed");
    }
    section.close();
    section.close();
    let measured = wish.target() + dice.below(61) as i64 - 30;
    section.decimal("temperature", 11, measured, 1);
}

fn report_sensor(wish: &Wish, section: &mut SectionWriter<'_>, dice: &mut Dice) {
    section.open("reporting", 6);
    section.bool("enabled", 6, wish.is_on());
    section.close();
    section.decimal("temperature", 11, dice.below(700) as i64 - 200, 1);
    section.decimal("humidity", 7, dice.below(1001) as i64, 1);
}

fn report_pump(wish: &Wish, section: &mut SectionWriter<'_>, dice: &mut Dice) {
    section.string("mode", 6, wish.mode());
    section.int("maxRpm", 5, wish.max_rpm());
    section.int("rpm", 11, dice.below(1 + wish.max_rpm()));
    section.decimal("temperature", 10, 200 + dice.below(800) as i64, 1);
    // A computed double of full length.
    let efficiency = 6_000_000_000_000_000 + dice.below(3 << 50) as i64;
    section.decimal("efficiency", 10, efficiency, 16);
    let axes = section.leaf("vibration", 11);
    for separator in ["[", ",", ","] {
        axes.push_str(separator);
        push_decimal(axes, dice.skewed(400) as i64, 2);
    }
    axes.push(']');
}

fn report_meter(wish: &Wish, section: &mut SectionWriter<'_>, dice: &mut Dice) {
    section.string("tariff", 6, wish.tariff());
    section.int("samplingHz", 6, wish.sampling());
    section.decimal("energyKwh", 11, dice.skewed(200_000_000) as i64, 3);
    section.decimal("voltage", 10, 2200 + dice.below(200) as i64, 1);
    section.decimal("powerFactor", 9, 8000 + dice.below(2001) as i64, 4);
}

fn report_camera(wish: &Wish, section: &mut SectionWriter<'_>, dice: &mut Dice) {
    section.open("stream", 10);
    section.int("fps", 6, wish.fps());
    section.string("resolution", 6, wish.resolution());
    section.int("framesDropped", 10, dice.skewed(1_000_000));
    section.close();
    section.bool("motionDetection", 9, wish.is_on());
    let zones = section.leaf("zones", 5);
    zones.push('[');
    for zone in 0..dice.skewed(4) {
        zones.push_str(if zone == 0 { "{" } else { ",{" });
        push_key(zones, "name");
        push_string(zones, ["door", "yard", "aisle", "dock"][zone as usize]);
        push_key(zones, "sensitivity");
        push_int(zones, dice.below(10));
        zones.push('}');
    }
    zones.push(']');
}

const GATEWAY: Facts = Facts {
    prefix: "gw",
    device_type: "gateway",
    model_id: "",
    connectivity: ETHERNET,
    battery: false,
    labels: &["edge", "critical", "rack", "managed"],
};
const THERMOSTAT: Facts = Facts {
    prefix: "thermo",
    device_type: "thermostat",
    model_id: "dtmi:com:example:Thermostat;2",
    connectivity: WIRELESS,
    battery: false,
    labels: &["hvac", "leased", "tenant", "retrofit", "smart"],
};
const SENSOR: Facts = Facts {
    prefix: "sensor",
    device_type: "sensor",
    model_id: "dtmi:com:example:AirSensor;1",
    connectivity: WIRELESS,
    battery: true,
    labels: &["air", "battery", "ceiling", "calibrated", "leased"],
};
const PUMP: Facts = Facts {
    prefix: "pump",
    device_type: "pump",
    model_id: "dtmi:com:example:Pump;3",
    connectivity: ETHERNET,
    battery: false,
    labels: &["critical", "basement", "water", "rotating"],
};
const METER: Facts = Facts {
    prefix: "meter",
    device_type: "meter",
    model_id: "dtmi:com:example:Meter;1",
    connectivity: CELLULAR,
    battery: true,
    labels: &["billing", "sealed", "outdoor"],
};
const CAMERA: Facts = Facts {
    prefix: "cam",
    device_type: "camera",
    model_id: "",
    connectivity: WIRELESS,
    battery: false,
    labels: &["security", "outdoor", "ptz", "gdpr"],
};
