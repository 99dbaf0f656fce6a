//! The engine inside an async service: ten thousand devices, each a task that awaits its tickets
//! and its changes. No thread waits for a device, and no async runtime is needed: the executor
//! below is all there is; any other does as well.
//!
//! `cargo run --release --example async_service -p twindex`

// An example shows what it does by printing it.
#![allow(clippy::print_stdout)]

use std::collections::VecDeque;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use twindex::{NewTwin, Section, Subscription, TwinId, Twindex, Write};

const DEVICES: usize = 10_000;

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let db = Twindex::in_memory();

    // Devices come: each is created, and the answer awaited, by a task of its own.
    let ids: Vec<TwinId> = (0..DEVICES)
        .map(|number| TwinId::device(&format!("meter-{number}")))
        .collect::<Result<_, _>>()?;
    let arriving = ids.iter().map(|id| arrive(db.clone(), id.clone()));
    let subscriptions = run(arriving).into_iter().collect::<Result<Vec<_>, _>>()?;
    let n_devices = db.query("SELECT COUNT() AS n FROM devices").run()?;
    assert_eq!(n_devices.rows().collect::<Vec<_>>(), [r#"{"n":10000}"#]);

    // They wait for orders, while the back end gives everybody one in a single call.
    let orders = ids
        .iter()
        .map(|id| Write::patch_twin(id.clone(), r#"{"properties":{"desired":{"interval":60}}}"#))
        .collect::<Result<Vec<_>, _>>()?;
    let back_end = db.clone();
    let giving = std::thread::spawn(move || back_end.write_all(orders));
    let obeying =
        ids.iter().zip(subscriptions).map(|(id, orders)| obey(db.clone(), id.clone(), orders));
    let versions = run(obeying).into_iter().collect::<Result<Vec<u64>, _>>()?;
    let given = giving.join().map_err(|_| "the back end failed")?;
    assert!(given.iter().all(Result::is_ok));

    // Whatever was acknowledged is seen by the next query.
    let in_sync = db.condition("properties.reported.interval = properties.desired.interval");
    assert_eq!(in_sync.ids()?.len(), DEVICES as u64);
    let newest = versions.into_iter().max().unwrap_or(0);
    println!("{DEVICES} devices obeyed by version {newest}, {:?} after they came", began.elapsed());
    Ok(())
}

/// A device that is created, follows its orders and says what it is.
async fn arrive(db: Twindex, id: TwinId) -> Result<Subscription, twindex::Error> {
    let new = NewTwin::new().with_tags(r#"{"site":"Aarhus"}"#)?;
    let created = db.submit(Write::create(id.clone(), new))?.await?;
    let orders = db.feed().of_twin(&id).after(created.version).subscribe();
    db.submit(Write::report(id, r#"{"model":"m-1"}"#)?)?.await?;
    Ok(orders)
}

/// A device that awaits one order, does as it is told, and says so.
async fn obey(db: Twindex, id: TwinId, mut orders: Subscription) -> Result<u64, twindex::Error> {
    while let Some(change) = orders.changed().await {
        let Ok(change) = change else { break }; // it was too slow: `reconnect` shows what to do
        // Its own reports come by as well.
        if let Some(desired) = change.patch(Section::Desired) {
            let done = db.submit(Write::report(id, &desired)?)?.await?;
            return Ok(done.version);
        }
    }
    Ok(0)
}

/// Runs tasks on this thread until all are done; their results in order.
fn run<F: Future>(tasks: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let ready = Arc::new(Ready::default());
    let mut tasks: Vec<Option<Pin<Box<F>>>> =
        tasks.into_iter().map(|task| Some(Box::pin(task))).collect();
    let mut results: Vec<Option<F::Output>> = tasks.iter().map(|_| None).collect();
    let wakers: Vec<Waker> = (0..tasks.len())
        .map(|number| Arc::new(Call { number, ready: Arc::clone(&ready) }).into())
        .collect();
    ready.queue.lock().extend(0..tasks.len());
    let mut n_left = tasks.len();
    while n_left > 0 {
        let number = ready.next();
        let Some(task) = &mut tasks[number] else { continue };
        if let std::task::Poll::Ready(result) =
            task.as_mut().poll(&mut Context::from_waker(&wakers[number]))
        {
            (tasks[number], results[number]) = (None, Some(result));
            n_left -= 1;
        }
    }
    results.into_iter().flatten().collect()
}

/// Tasks that can go on.
#[derive(Default)]
struct Ready {
    queue: Mutex<VecDeque<usize>>,
    called: Condvar,
}

impl Ready {
    fn next(&self) -> usize {
        let mut queue = self.queue.lock();
        loop {
            if let Some(number) = queue.pop_front() {
                return number;
            }
            self.called.wait(&mut queue);
        }
    }
}

/// What wakes a task: its number is queued.
struct Call {
    number: usize,
    ready: Arc<Ready>,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.ready.queue.lock().push_back(self.number);
        self.ready.called.notify_one();
    }
}
