//! Bodies of requests, read within bounds.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, http::HeaderMap, http::header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::fault::Fault;

/// Bytes in which the budget is counted.
const UNIT: usize = 1_024;
/// How many bodies of the largest size the budget is for.
const LARGEST_AT_ONCE: usize = 8;

/// How many bytes of bodies may be held at once, by all requests together.
#[derive(Debug)]
pub(super) struct Budget(Arc<Semaphore>);

/// A body, and what it takes of the budget.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

/// What bounds one body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) most_bytes: usize,
    pub(super) time: Duration,
}

impl Budget {
    /// For bodies of at most so many bytes.
    pub(super) fn new(largest: usize) -> Self {
        let units = largest.div_ceil(UNIT).saturating_mul(LARGEST_AT_ONCE);
        Self(Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))))
    }

    /// Reads a body as it comes: as much of the budget is taken as there is of it.
    ///
    /// # Errors
    ///
    /// It is compressed, too large, too slow or cut short; or the budget is spent.
    pub(super) async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
        bounds: Bounds,
    ) -> Result<Held, Fault> {
        let encoding = headers.get(header::CONTENT_ENCODING);
        if let Some(encoding) = encoding.filter(|encoding| *encoding != "identity") {
            return Err(Fault::compressed(&String::from_utf8_lossy(
                encoding.as_bytes(),
            )));
        }
        let length = headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length > bounds.most_bytes) {
            return Err(Fault::body_too_large(bounds.most_bytes));
        }
        let read = timeout(bounds.time, self.read_all(body, bounds.most_bytes)).await;
        read.unwrap_or_else(|_| Err(Fault::body_too_slow(bounds.time.as_secs_f64())))
    }

    async fn read_all(&self, body: Body, most: usize) -> Result<Held, Fault> {
        let mut body = body.into_data_stream();
        let mut bytes = BytesMut::new();
        let mut share: Option<OwnedSemaphorePermit> = None;
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| Fault::body_cut_short(&error))?;
            if chunk.len() > most.saturating_sub(bytes.len()) {
                return Err(Fault::body_too_large(most));
            }
            let held = share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let needed = (bytes.len() + chunk.len())
                .div_ceil(UNIT)
                .saturating_sub(held);
            let more = Arc::clone(&self.0);
            let more = u32::try_from(needed).map(|needed| more.try_acquire_many_owned(needed));
            let Ok(Ok(more)) = more else {
                return Err(Fault::busy());
            };
            match &mut share {
                Some(share) => share.merge(more),
                None => share = Some(more),
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Held {
            bytes: bytes.freeze(),
            _share: share,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(most_bytes: usize) -> Bounds {
        Bounds {
            most_bytes,
            time: Duration::from_secs(1),
        }
    }

    async fn read(budget: &Budget, body: Body, bounds: Bounds) -> Result<Held, &'static str> {
        let read = budget.read(&HeaderMap::new(), body, bounds).await;
        read.map_err(|fault| fault.code)
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound() {
        let budget = Budget::new(4);
        let whole = read(&budget, Body::from("1234"), bounds(4)).await;
        assert_eq!(whole.unwrap().bytes, "1234");
        let larger = read(&budget, Body::from("12345"), bounds(4)).await;
        assert_eq!(larger.err(), Some("body_too_large"));
    }

    #[tokio::test]
    async fn bodies_together_have_a_budget_that_comes_back() {
        let budget = Budget::new(UNIT);
        let body = || Body::from(vec![0; UNIT]);
        let mut held = Vec::new();
        for _ in 0..LARGEST_AT_ONCE {
            held.push(read(&budget, body(), bounds(UNIT)).await.unwrap());
        }
        let more = read(&budget, body(), bounds(UNIT)).await;
        assert_eq!(more.err(), Some("busy"));
        held.pop();
        assert!(read(&budget, body(), bounds(UNIT)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up() {
        let endless =
            Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        let read = read(&Budget::new(4), endless, bounds(4)).await;
        assert_eq!(read.err(), Some("body_too_slow"));
    }
}
