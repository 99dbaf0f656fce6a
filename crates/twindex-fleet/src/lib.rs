//! Seeded fleets of device twins, for the demo, the benches and the tests.
//!
//! A [`Fleet`] writes twins as a hub returns them: fields in a hub's order, `$metadata` at every
//! level, module twins after their device, about 2.8 KB a twin. The same seed gives the same bytes
//! on every machine; twin number i depends on the seed and i alone, so twins can be written in any
//! order and on any number of threads, and a longer fleet begins with the shorter one.
//!
//! # What is in a fleet
//!
//! Twins come in blocks of 48: a gateway, its three module twins (6 % of all twins are module
//! twins), and 44 other devices.
//!
//! | path (of devices) | values |
//! |---|---|
//! | `deviceId` | unique: prefix of the model and the twin's number, `pump-0004711` |
//! | `deviceEtag` | unique |
//! | `etag`, `version` | as many writes as the twin had: few by services, thousands by devices |
//! | `status` | `enabled` 96 %, else `disabled` with `statusReason` |
//! | `statusUpdateTime` | never (`0001-01-01T00:00:00Z`) 82 % |
//! | `connectionState` | `Connected` 86 % |
//! | `lastActivityTime` | within the last hour if connected, else up to 90 days old; never 1 % |
//! | `authenticationType` | `sas` 78 %, `certificateAuthority` 17 %, `selfSigned` 5 % |
//! | `x509Thumbprint.primaryThumbprint` | null, but for `selfSigned` |
//! | `modelId` | one for each of four device models, else empty |
//! | `capabilities.iotEdge` | true for gateways, 2 % |
//! | `deviceScope`, `parentScopes` | the block's gateway: 35 % of the other devices |
//! | `configurations.*.status` | three configurations, 30 % have one: `Applied` 85 %, `Targeted` |
//! | `tags.customer` | 1,000 by Zipf's law: `aurora-foods` 8 %, `bluepeak` 5 % … `customer-999` |
//! | `tags.env` | `prod` 84 %, `test`, `dev`; missing 4 % |
//! | `tags.deviceType` | `thermostat` 41 %, `sensor` 25 %, `pump` 14 %, `meter` 11 %, `camera` 7 %, `gateway` 2 % |
//! | `tags.ring` | `broad` 79 %, `early`, `canary` |
//! | `tags.location.region`, `.country` | six regions, 15 countries; `US` 64 % |
//! | `tags.location.site`, `.building` | some 1,200 sites, `AMS-017-2`; `B1` to `B8` |
//! | `tags.location.floor` | 0 to 30, and text: `"G"` 8 %, `"roof"` 4 % |
//! | `tags.location.lat`, `.lon` | five decimals, near the site |
//! | `tags.labels` | array of up to three of 20 words, empty 12 %; missing 20 % |
//! | `tags.owner` | ten, two of them not ASCII; missing 40 % |
//! | `tags.installedAt` | minute at which the twin was created, over 600 days |
//! | `tags.pilot` | one in 4,096 |
//! | `properties.desired.firmware.version` | eight versions: `4.2.1` half of all |
//! | `properties.desired.telemetryInterval` | 10 to 3,600 |
//! | `properties.reported.serialNumber` | unique |
//! | `properties.reported.firmware.version` | as desired, but for 13 %: 24 versions |
//! | `properties.reported.firmware.build` | number 78 %, string 12 %, missing 10 % |
//! | `properties.reported.telemetryInterval` | as desired 89 %, 600 6 %, missing 5 % |
//! | `properties.reported.connectivity.type` | `ethernet`, `wifi`, `cellular`, `lora`, `satellite` |
//! | `properties.reported.connectivity.rssi` | −30 to −109, unless by `ethernet` |
//! | `properties.reported.connectivity.ipAddress` | unique; `mac` too, of gateways and cameras |
//! | `properties.reported.status` | `ok` 79 %, `warning`, `updating`, `error`; missing 2 % |
//! | `properties.reported.battery.level` | 0 to 100, mostly high; sensors and meters |
//! | `properties.reported.uptimeSeconds`, `.lastReboot` | all but thermostats and sensors |
//! | `properties.reported.temperature` | one decimal; thermostats, sensors, pumps |
//! | `properties.reported.errors` | `[{"code":"E101","count":1}]`, one to three 10 %, empty 8 %, else missing |
//!
//! And by model, desired and reported, equal in 93 % of the devices: `thermostat1` (a component
//! with `__t`, its `targetTemperature` acknowledged as `{value, ac, av, ad}`),
//! `reporting.enabled` (sensors), `mode` and `maxRpm` (pumps), `tariff` and `samplingHz` (meters),
//! `stream.fps`, `stream.resolution` and `motionDetection` (cameras), `logLevel`,
//! `upstream.protocol` and `upstream.maxBatch` (gateways). Reported alone: `humidity`; `rpm`,
//! `efficiency` (doubles of full length) and `vibration` (array of numbers); `energyKwh`,
//! `voltage` and `powerFactor`; `stream.framesDropped` and `zones` (array of objects);
//! `cpuPercent` and `upstream.backlog`. 1 % of the devices were never heard of and reported
//! nothing.
//!
//! Modules are `$edgeAgent`, `$edgeHub` and one of six workloads, which reports
//! `properties.reported.status` (`scanning`, `idle`, `fault`), `latencyMs` and `framesDropped`.
//! All have `lastDesiredVersion` and `lastDesiredStatus.code`.
//!
//! A twin has twelve `$lastUpdated` times between its creation and its last activity, in ticks of
//! 100 ns and without zeros at the end, as a hub prints them; at least nine of them are in use,
//! and over a fleet they span the two years before 2026-01-01, the end of time in every fleet.
//! Desired properties have `$lastUpdatedVersion` too.

pub mod corners;
mod device;
mod dice;
mod fleet;
mod model;
mod module;
pub mod questions;
mod root;
mod section;
mod text;
mod world;

pub use fleet::{Fleet, FleetOptions};

#[cfg(test)]
mod tests;
