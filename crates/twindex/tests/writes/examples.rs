//! The examples run as tests: each asserts what it shows.

#[path = "../../examples/async_service.rs"]
mod async_service;
#[path = "../../examples/config_rollback.rs"]
mod config_rollback;
#[path = "../../examples/device_configuration.rs"]
mod device_configuration;
#[path = "../../examples/embed.rs"]
mod embed;
#[path = "../../examples/fleet_configuration.rs"]
mod fleet_configuration;
#[path = "../../examples/reconnect.rs"]
mod reconnect;
#[path = "../../examples/state_machine.rs"]
mod state_machine;
#[path = "../../examples/tagging.rs"]
mod tagging;
#[path = "../../examples/write.rs"]
mod write;

#[test]
fn async_service_runs() {
    async_service::main().unwrap();
}

#[test]
fn config_rollback_runs() {
    config_rollback::main().unwrap();
}

#[test]
fn device_configuration_runs() {
    device_configuration::main().unwrap();
}

#[test]
fn embed_runs() {
    embed::main().unwrap();
}

#[test]
fn fleet_configuration_runs() {
    fleet_configuration::main().unwrap();
}

#[test]
fn reconnect_runs() {
    reconnect::main().unwrap();
}

#[test]
fn state_machine_runs() {
    state_machine::main().unwrap();
}

#[test]
fn tagging_runs() {
    tagging::main().unwrap();
}

#[test]
fn write_runs() {
    write::main().unwrap();
}
