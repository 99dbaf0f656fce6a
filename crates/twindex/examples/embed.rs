//! The engine inside a program: open, load, ask, page through, combine id sets.
//!
//! `cargo run --example embed -p twindex`

// An example shows what it does by printing it.
#![allow(clippy::print_stdout)]

use twindex::{Collection, LoadOptions, Twindex};

const TWINS: &str = r#"{"deviceId":"press-1","tags":{"site":"Aarhus","line":1},"properties":{"desired":{"interval":60},"reported":{"interval":60,"temperature":71.5}}}
{"deviceId":"press-2","tags":{"site":"Aarhus","line":2},"properties":{"desired":{"interval":60},"reported":{"interval":30,"temperature":64}}}
{"deviceId":"kiln-1","tags":{"site":"Turin"},"properties":{"desired":{"interval":10},"reported":{"interval":10,"temperature":890.25}}}
{"deviceId":"kiln-1","moduleId":"camera","properties":{"reported":{"frames":25}}}"#;

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A handle: clone it, share it between threads.
    let db = Twindex::in_memory();
    let report = db.load(TWINS.as_bytes(), &LoadOptions::default())?;
    println!(
        "{} twins loaded, {} of them devices",
        report.n_loaded,
        db.n_twins(Collection::Devices)
    );

    // Rows as JSON text, or as values.
    let hot = db
        .query("SELECT deviceId, properties.reported.temperature AS t FROM devices WHERE properties.reported.temperature > 70 ORDER BY t DESC")
        .run()?;
    for row in hot.values() {
        println!("{} is at {} degrees", row["deviceId"], row["t"]);
    }

    // Page by page. A token is text that outlives the process; it belongs to its query.
    let all = db.query("SELECT deviceId FROM devices").page_size(2);
    let mut page = all.run()?;
    loop {
        println!("a page of {}: {}", page.n_rows(), page.rows().collect::<Vec<_>>().join(" "));
        let Some(token) = page.next() else { break };
        page = all.clone().after(token).run()?;
    }

    // Sets of row ids, to combine with others.
    let out_of_sync = db.condition("NOT IN_SYNC()").ids()?;
    let in_aarhus = db.condition("tags.site = 'Aarhus'").ids()?;
    println!("{} of Aarhus' presses are out of sync", (out_of_sync & in_aarhus).len());

    // What will happen, and what a wrong query says.
    println!("{}", db.query("SELECT COUNT() FROM devices WHERE tags.site = 'Turin'").explain()?);
    if let Err(error) = db.query("SELECT * FROM devices WHERE STARTWITH(tags.site, 'T')").run() {
        println!("{}: {error}", error.code());
    }
    Ok(())
}
