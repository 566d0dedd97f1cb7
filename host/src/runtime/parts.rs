//! The way of renderings from a worker to whoever asked for them: part by part, so
//! that large ones are not all held at once.

use tokio::sync::mpsc;

use super::input::EventRendering;

/// About so many bytes of records make a part.
const PART: usize = 4 << 20;

/// Some of the renderings of a piece of events.
pub(super) struct Part {
    pub(super) renderings: Vec<EventRendering>,
    pub(super) is_last: bool,
}

/// A worker's end of the way.
pub(super) struct Parts {
    sender: mpsc::Sender<Part>,
    gathered: Vec<EventRendering>,
    bytes: usize,
}

/// The way for one piece of events. The worker waits while a part is not taken.
pub(super) fn parts() -> (Parts, mpsc::Receiver<Part>) {
    let (sender, receiver) = mpsc::channel(1);
    let parts = Parts {
        sender,
        gathered: Vec::new(),
        bytes: 0,
    };
    (parts, receiver)
}

impl Parts {
    /// Adds what a call gave; false once nobody asks for it any more.
    pub(super) fn add(&mut self, renderings: Vec<EventRendering>) -> bool {
        self.bytes += renderings.iter().map(size).sum::<usize>();
        self.gathered.extend(renderings);
        self.bytes < PART || self.hand_on(false)
    }

    pub(super) fn finish(mut self) {
        self.hand_on(true);
    }

    fn hand_on(&mut self, is_last: bool) -> bool {
        self.bytes = 0;
        let renderings = std::mem::take(&mut self.gathered);
        let part = Part {
            renderings,
            is_last,
        };
        self.sender.blocking_send(part).is_ok()
    }
}

/// Bytes of the records of an event.
fn size(rendering: &EventRendering) -> usize {
    let queues = rendering.outcome.iter().flatten();
    let messages = queues.filter_map(|queue| queue.outcome.as_ref().ok());
    messages.map(|message| message.record.size()).sum()
}
