//! Composition: a source, stages that are functions or contexts, and a sink.
//!
//! Start reading at [`Flow`]. A context works on a thread of its own; functions run on the thread that asks for their items.
//! Contexts that follow one another are joined directly: what goes from one to the next passes no other hands. Pieces move
//! between functions and streams without a copy.

use std::io::{self, Write};
use std::thread::JoinHandle;

use thiserror::Error;

use crate::context::{Canceller, Context, StartError};
use crate::outcome::Outcome;
use crate::stream::{StreamOptions, StreamReader, stream};

/// Bytes between two stages.
const CAPACITY_BYTES: u64 = 256 << 10;
/// The machine stack of a context's thread.
const STACK_BYTES: usize = 4 << 20;

type Items = Box<dyn Iterator<Item = io::Result<Vec<u8>>> + Send>;

/// Pieces of bytes on their way through stages. Nothing is made before it is asked for, and nobody makes more than the next one
/// takes and the streams between them hold.
///
/// ```
/// use b8g::{Component, Config, Context, Engine, Flow, Grants, Language, Limits};
/// let engine = Engine::new(Config::new())?;
/// let source = "import { stdin, stdout } from 'b8g';
///     for await (const piece of stdin.readable) await stdout.write(piece.map((byte) => byte + 1));";
/// let component = Component::from_source(&engine, "next.ts", Language::TypeScript, source, ".".as_ref())?;
/// let stage = || Context::new(&component, &Grants::none(), Limits::default());
///
/// let mut found = Vec::new();
/// let ends = Flow::from_items(["abc", "", "xyz"])
///     .filter(|piece| !piece.is_empty())
///     .through(stage()?)?
///     .through(stage()?)?
///     .map(|piece| piece.to_ascii_uppercase())
///     .to(&mut found)?;
/// assert_eq!(found, b"CDEZ{|");
/// assert!(ends.len() == 2 && ends.iter().all(b8g::Outcome::is_success));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Flow {
    source: Source,
    running: Vec<(JoinHandle<Outcome>, Canceller)>,
    mapped: bool,
}

impl Drop for Flow {
    fn drop(&mut self) {
        for (_, canceller) in &self.running {
            // Who cannot be stopped ends when nobody takes what it makes.
            let _ = canceller.cancel();
        }
    }
}

enum Source {
    Items(Items),
    Stream(StreamReader),
}

/// Why a flow did not come to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FlowError {
    /// A context ended otherwise than well: the first that did, and its number among the contexts.
    #[error("stage {number} ended: {outcome}")]
    Stage {
        /// From 0.
        number: usize,
        /// How.
        outcome: Outcome,
    },
    /// The source or the sink failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why a context is no stage.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StageError {
    /// It was started before.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The system has no memory or no thread for it.
    #[error("the stage cannot be run: {0}")]
    System(#[from] io::Error),
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flow").field("contexts", &self.running.len()).finish_non_exhaustive()
    }
}

impl Flow {
    fn new(source: Source) -> Flow {
        Flow { source, running: Vec::new(), mapped: false }
    }

    /// Lets contexts that come from here on map the streams between them, and move bytes there without a copy. For those
    /// that only read and write it is slower.
    #[must_use]
    pub fn mapped(mut self) -> Flow {
        self.mapped = true;
        self
    }

    /// What comes from a stream.
    pub fn from_stream(reader: StreamReader) -> Flow {
        Flow::new(Source::Stream(reader))
    }

    /// Pieces of bytes.
    pub fn from_items<T, I>(items: I) -> Flow
    where
        T: Into<Vec<u8>>,
        I: IntoIterator<Item = T>,
        I::IntoIter: Send + 'static,
    {
        let items = items.into_iter().map(|item| Ok(item.into()));
        Flow::new(Source::Items(Box::new(items)))
    }

    /// Lets a context that was not started read what comes as its standard input; its standard output goes on. Its output
    /// comes in pieces of any size.
    ///
    /// # Errors
    /// [`StageError`]; what ran before it is stopped then.
    pub fn through(mut self, mut context: Context) -> Result<Flow, StageError> {
        let options = StreamOptions { capacity_bytes: CAPACITY_BYTES, mapped: self.mapped, element_bytes: 1 };
        let (input, feeds) = match self.source.take() {
            Source::Stream(reader) => (reader, None),
            Source::Items(items) => {
                let (reader, writer) = stream(options)?;
                (reader, Some((items, writer)))
            }
        };
        let (reader, writer) = stream(options)?;
        context.read_stdin_from(input)?;
        context.write_stdout_to(writer)?;
        let builder = std::thread::Builder::new().name("b8g-stage".into()).stack_size(STACK_BYTES);
        let canceller = context.canceller();
        self.running.push((builder.spawn(move || context.run())?, canceller));
        if let Some((mut items, mut writer)) = feeds {
            // It ends when the items do, or when the context wants no more; who drops the flow need not wait for it.
            std::thread::Builder::new().name("b8g-feed".into()).spawn(move || {
                let fed = items.try_for_each(|item| writer.write_piece(item?));
                if fed.is_ok() {
                    writer.finish();
                }
            })?;
        }
        self.source = Source::Stream(reader);
        Ok(self)
    }

    /// What a function makes of each piece.
    #[must_use]
    pub fn map(self, mut by: impl FnMut(Vec<u8>) -> Vec<u8> + Send + 'static) -> Flow {
        self.changed(move |items| Box::new(items.map(move |item| item.map(&mut by))))
    }

    /// The pieces for which a function says so.
    #[must_use]
    pub fn filter(self, mut by: impl FnMut(&[u8]) -> bool + Send + 'static) -> Flow {
        self.changed(move |items| {
            Box::new(items.filter(move |item| item.as_ref().map_or(true, |item| by(item))))
        })
    }

    fn changed(mut self, change: impl FnOnce(Items) -> Items) -> Flow {
        self.source = Source::Items(change(self.source.take().into_items()));
        self
    }

    /// Brings everything to its end; gives how the contexts ended, in their order.
    ///
    /// # Errors
    /// [`FlowError`]. Everything that ran has ended then too.
    pub fn to(mut self, sink: &mut dyn Write) -> Result<Vec<Outcome>, FlowError> {
        let mut items = self.source.take().into_items();
        let moved = items.try_for_each(|item| sink.write_all(&item?)).and_then(|()| sink.flush());
        // Who still writes hears that nobody reads.
        drop(items);
        let running = std::mem::take(&mut self.running);
        let ends: Vec<Outcome> = running
            .into_iter()
            .map(|(context, _)| context.join().unwrap_or_else(|_| Outcome::failed()))
            .collect();
        let failed = ends.iter().position(|outcome| !outcome.is_success() && !outcome.broken_pipe);
        match (moved, failed) {
            (_, Some(number)) => Err(FlowError::Stage { number, outcome: ends[number].clone() }),
            (Err(error), None) => Err(FlowError::Io(error)),
            (Ok(()), None) => Ok(ends),
        }
    }
}

impl Source {
    /// What there was; nothing is left.
    fn take(&mut self) -> Source {
        std::mem::replace(self, Source::Items(Box::new(std::iter::empty())))
    }

    fn into_items(self) -> Items {
        match self {
            Source::Items(items) => items,
            Source::Stream(mut reader) => {
                let mut over = false;
                Box::new(std::iter::from_fn(move || {
                    let piece = if over { None } else { reader.read_piece().transpose() };
                    over = !matches!(piece, Some(Ok(_)));
                    piece
                }))
            }
        }
    }
}
