//! A subscriber that keeps what it is told.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, ThreadId};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_core::span::Current;

pub(super) type Fields = BTreeMap<&'static str, String>;

/// A span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spanned {
    pub(super) name: &'static str,
    pub(super) level: Level,
    pub(super) target: String,
    pub(super) fields: Fields,
}

/// An event, and the name of the span it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) level: Level,
    pub(super) target: String,
    pub(super) span: Option<&'static str>,
    pub(super) fields: Fields,
}

/// What was told of the crates of this workspace.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) spans: Vec<Spanned>,
    pub(super) events: Vec<Told>,
    metadata: Vec<&'static Metadata<'static>>,
    /// The spans that a thread is in, the innermost last.
    inside: HashMap<ThreadId, Vec<u64>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Keeper(Arc<Mutex<Kept>>);

impl Keeper {
    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("no test panics within")
    }
}

impl Kept {
    fn span(&self) -> Option<u64> {
        self.inside.get(&thread::current().id())?.last().copied()
    }

    fn name(&self, id: u64) -> &'static str {
        self.spans[index(id)].name
    }

    /// No thread is in a span.
    pub(super) fn is_outside(&self) -> bool {
        self.inside.values().all(Vec::is_empty)
    }
}

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("sts")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::new();
        span.record(&mut Collect(&mut fields));
        let (name, level) = (span.metadata().name(), *span.metadata().level());
        let mut kept = self.kept();
        kept.metadata.push(span.metadata());
        kept.spans.push(Spanned { name, level, target: span.metadata().target().to_owned(), fields });
        Id::from_u64(kept.spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        values.record(&mut Collect(&mut self.kept().spans[index(span.into_u64())].fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Collect(&mut fields));
        let (level, target) = (*event.metadata().level(), event.metadata().target().to_owned());
        let mut kept = self.kept();
        let id = if event.is_contextual() { kept.span() } else { event.parent().map(Id::into_u64) };
        let span = id.map(|id| kept.name(id));
        kept.events.push(Told { level, target, span, fields });
    }

    fn enter(&self, span: &Id) {
        let mut kept = self.kept();
        // A call is never entered amid another.
        let outer = kept.span().filter(|outer| *outer != span.into_u64());
        assert!(outer.is_none_or(|outer| kept.name(outer) == "outer"), "{kept:?}");
        kept.inside.entry(thread::current().id()).or_default().push(span.into_u64());
    }

    fn current_span(&self) -> Current {
        let kept = self.kept();
        kept.span().map_or_else(Current::none, |id| Current::new(Id::from_u64(id), kept.metadata[index(id)]))
    }

    fn exit(&self, span: &Id) {
        let mut kept = self.kept();
        let left = kept.inside.entry(thread::current().id()).or_default().pop();
        assert_eq!(left, Some(span.into_u64()), "the last that was entered is left first");
    }
}

struct Collect<'a>(&'a mut Fields);

impl Visit for Collect<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

fn index(id: u64) -> usize {
    usize::try_from(id).expect("there are few spans") - 1
}
