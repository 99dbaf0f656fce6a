//! Reading ahead: a thread frames documents and lets the pool read them, while another applies those
//! of the batch before.
//!
//! Writing lanes is the longer part and is done in order by one thread, so all else is kept from it.
//! Two batches go round: one is read while the other is applied, and whoever is first waits. So one
//! thread fewer reads than the pool has: with as many the one that applies got two thirds of a core
//! of two, and once the others were done it went on alone.
//! Framing on the thread that applies was rejected, for it would add up; framing in the pool too,
//! since an input may be slow to come and would keep a thread from queries.

use std::io::Read;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use rayon::ThreadPool;
use rayon::prelude::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use twindex_io::document::DocumentReader;
use twindex_model::json::reader::{LeavesReader, Strictness};

use crate::cancel::CancelToken;
use crate::load::batch::{Batch, Framed};

/// Batches that go round.
const BATCHES: usize = 2;

/// How long is waited for a batch until `take` is asked whether to go on waiting.
pub(super) const WAIT_MAX: Duration = Duration::from_millis(50);

/// What is handed over.
pub(super) enum Next<'a> {
    /// A batch, and what framing left behind.
    Read(&'a mut Batch, Framed),
    /// The input has given none for some time.
    Nothing,
}

/// What is done while a batch is read.
#[derive(Clone, Copy)]
enum Beside {
    Nothing,
    /// Another batch is applied, which takes a thread.
    Applying,
}

/// Frames and reads the documents of an input.
pub(super) struct Ahead<'a, R: Read> {
    documents: DocumentReader<R>,
    /// The threads that read; the one that frames where there are none, or one is enough.
    pool: Option<&'a ThreadPool>,
    /// One for each thread; they remember what they read before.
    readers: Vec<LeavesReader>,
    /// Ends the reading, too.
    cancel: Option<&'a CancelToken>,
}

impl<'a, R: Read + Send> Ahead<'a, R> {
    pub(super) fn new(
        documents: DocumentReader<R>,
        pool: Option<&'a ThreadPool>,
        strictness: Strictness,
        cancel: Option<&'a CancelToken>,
    ) -> Self {
        let n_readers = pool.map_or(1, |pool| pool.current_num_threads() as u32);
        let reader = |number| LeavesReader::for_many(strictness, number);
        let readers = (0..n_readers).map(reader).collect();
        Self { documents, pool, readers, cancel }
    }

    /// Hands over one batch after the other, with what framing left behind, until that is an end or
    /// `take` fails; then the document that is being read is waited for. The next batch is read
    /// meanwhile, by a thread that calls `begin` first; an input of one batch is not worth one.
    pub(super) fn each<E>(
        &mut self,
        begin: impl FnOnce() + Send,
        mut take: impl FnMut(Next<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let is_taken = AtomicBool::new(false);
        let mut batch = Batch::default();
        let framed = self.read(&mut batch, &is_taken, Beside::Nothing);
        if !matches!(framed, Framed::More) {
            return take(Next::Read(&mut batch, framed));
        }
        let mut first = Some((batch, framed));
        let (to_reader, empty) = channel();
        let (filled, from_reader) = channel();
        let taken = thread::scope(|scope| {
            let this = &mut *self;
            let reader = thread::Builder::new().name("twindex-load".to_owned());
            let is_over = &is_taken;
            let read = move || {
                begin();
                this.read_all((&empty, &filled), is_over);
            };
            let reader = reader.spawn_scoped(scope, read).ok()?;
            let taken = take_all(first.take()?, (to_reader, from_reader), &mut take);
            is_taken.store(true, Ordering::Relaxed);
            if let Err(panic) = reader.join() {
                // It is the input's.
                resume_unwind(panic);
            }
            Some(taken)
        });
        match first {
            // The machine refuses a thread.
            Some(first) => self.each_by_turns(first, take),
            None => taken.unwrap_or(Ok(())),
        }
    }

    fn each_by_turns<E>(
        &mut self,
        (mut batch, mut framed): (Batch, Framed),
        mut take: impl FnMut(Next<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let is_last = !matches!(framed, Framed::More);
            take(Next::Read(&mut batch, framed))?;
            if is_last {
                return Ok(());
            }
            framed = self.read(&mut batch, &AtomicBool::new(false), Beside::Nothing);
        }
    }

    /// Fills batches until the input ends or nobody wants more.
    fn read_all(
        &mut self,
        (empty, filled): (&Receiver<Batch>, &Sender<(Batch, Framed)>),
        is_over: &AtomicBool,
    ) {
        while let Ok(mut batch) = empty.recv() {
            let framed = self.read(&mut batch, is_over, Beside::Applying);
            let is_last = !matches!(framed, Framed::More);
            if filled.send((batch, framed)).is_err() || is_last {
                return;
            }
        }
    }

    /// Frames and reads the documents of one batch, which is empty; it stays short if the load is
    /// over or cancelled meanwhile.
    fn read(&mut self, batch: &mut Batch, is_over: &AtomicBool, beside: Beside) -> Framed {
        let cancel = self.cancel;
        let is_over =
            || is_over.load(Ordering::Relaxed) || cancel.is_some_and(CancelToken::is_cancelled);
        let framed = batch.frame(&mut self.documents, &is_over);
        let n_readers = match beside {
            Beside::Nothing => self.readers.len(),
            Beside::Applying => self.readers.len().saturating_sub(1).max(1),
        };
        let (readers, tasks) = (&mut self.readers[..n_readers], batch.tasks(n_readers));
        match self.pool.filter(|_| n_readers > 1) {
            Some(pool) => pool.install(|| {
                let by_reader = readers.par_iter_mut().zip(tasks);
                by_reader.for_each(|(reader, task)| task.read(reader));
            }),
            None => {
                let by_reader = readers.iter_mut().zip(tasks);
                by_reader.for_each(|(reader, task)| task.read(reader));
            }
        }
        framed
    }
}

/// Takes batches as they come, and sends them back. The channels end with it, and so does the reader.
fn take_all<E>(
    (mut batch, mut framed): (Batch, Framed),
    (to_reader, from_reader): (Sender<Batch>, Receiver<(Batch, Framed)>),
    take: &mut impl FnMut(Next<'_>) -> Result<(), E>,
) -> Result<(), E> {
    for _ in 1..BATCHES {
        // A reader that is gone says so below.
        _ = to_reader.send(Batch::default());
    }
    loop {
        take(Next::Read(&mut batch, framed))?;
        _ = to_reader.send(batch);
        (batch, framed) = loop {
            match from_reader.recv_timeout(WAIT_MAX) {
                Ok(next) => break next,
                Err(RecvTimeoutError::Timeout) => take(Next::Nothing)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        };
    }
}
