//! The reading of an answer's body as `telemetry/opentelemetry` records it.
//!
//! Ends with the body, or when nobody reads on.

use std::{rc::Rc, sync::Arc};

use bytes::Bytes;
use tokio::time::Instant;

use crate::{
    model::{Failure, TraceScope},
    telemetry::{
        BackendSettings, Family, OpenSpan, Probe, Series,
        instruments::place,
        span::{Kind, Opening, Status},
    },
};

/// What the original calls such a span.
const NAME: &str = "http.client.response.read.tracker";

/// One body that is being read.
pub(super) struct Reading {
    probe: Rc<Probe>,
    settings: Arc<BackendSettings>,
    span: Option<OpenSpan>,
    series: Series,
    started: Instant,
    bytes: u64,
    broke_off: bool,
    has_ended: bool,
}

impl Reading {
    /// The head of the answer to this exchange has come.
    pub(super) fn begin(
        probe: &Rc<Probe>,
        settings: Arc<BackendSettings>,
        scope: Option<&TraceScope>,
        of_exchange: Series,
    ) -> Box<Self> {
        let span = scope.filter(|_| settings.traces.read_payload).and_then(|scope| {
            probe.open(
                scope,
                Opening { name: NAME.into(), kind: Kind::Internal, fixed: settings.fixed_of_reading.clone() },
            )
        });
        let series = Series { status: 0, host: 0, family: Family::Read, ..of_exchange };
        let (probe, started) = (Rc::clone(probe), Instant::now());
        Box::new(Self { probe, settings, span, series, started, bytes: 0, broke_off: false, has_ended: false })
    }

    /// A piece of the body has come, or its end.
    pub(super) fn saw(&mut self, chunk: Option<&Result<Bytes, Failure>>) {
        match chunk {
            Some(Ok(chunk)) => self.bytes = self.bytes.saturating_add(chunk.len() as u64),
            Some(Err(_)) => {
                self.broke_off = true;
                self.end();
            }
            None => self.end(),
        }
    }

    fn end(&mut self) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let (bytes, seconds) = (self.bytes as f64, self.started.elapsed().as_secs_f64());
        if self.settings.metrics.read_payload {
            let mut series = self.series;
            series.end.error = self.broke_off;
            self.probe.count(series, |cell| {
                cell.value(place::READ_SIZES, bytes);
                cell.add(place::READ_SIZE, bytes);
                cell.value(place::READ_TIMES, seconds);
                cell.add(place::READ_TIME, seconds);
                if self.broke_off {
                    cell.add(place::READ_ERRORS, 1.0);
                }
            });
        }
        if let Some(mut span) = self.span.take() {
            span.say("http.response.body.size", i64::try_from(self.bytes).unwrap_or(i64::MAX));
            if self.broke_off {
                span.ends(Status::Failed("unexpected EOF".to_owned()));
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.end();
    }
}
