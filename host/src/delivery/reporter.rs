//! Hands reports to their reader, however slow, without holding up delivery.

use std::collections::VecDeque;

use tokio::sync::mpsc::{self, error::TrySendError};

use super::{Report, pending::Settled};
use crate::outbox::Room;

/// Reports in order; those without room in the channel wait here and keep
/// their message's room in the outbox, which bounds them.
pub(super) struct Reporter {
    channel: mpsc::Sender<Report>,
    waiting: VecDeque<(Report, Room)>,
}

impl Reporter {
    pub(super) fn new(channel: mpsc::Sender<Report>) -> Self {
        Self {
            channel,
            waiting: VecDeque::new(),
        }
    }

    pub(super) fn report(&mut self, settled: Settled) {
        let message = settled.accepted.message;
        let report = Report {
            id: message.id,
            topic: message.destination.topic.clone(),
            result: settled.result,
        };
        if !self.waiting.is_empty() {
            self.waiting.push_back((report, settled.accepted.room));
            return;
        }
        match self.channel.try_send(report) {
            Ok(()) | Err(TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(report)) => {
                self.waiting.push_back((report, settled.accepted.room));
            }
        }
    }

    pub(super) fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Waits for room and hands over the oldest report. Dropping the future
    /// loses nothing.
    pub(super) async fn hand_over(&mut self) {
        match self.channel.reserve().await {
            Ok(permit) => {
                if let Some((report, _room)) = self.waiting.pop_front() {
                    permit.send(report);
                }
            }
            Err(_) => self.waiting.clear(),
        }
    }
}
