//! The examples run as tests: each asserts what it shows.

#[path = "../../examples/async_service.rs"]
mod async_service;
#[path = "../../examples/reconnect.rs"]
mod reconnect;

#[test]
fn async_service_runs() {
    async_service::main().unwrap();
}

#[test]
fn reconnect_runs() {
    reconnect::main().unwrap();
}
