//! `slice`: Python's `value[from:to:by]`.

use minijinja::Value;

use super::{
    super::{
        python::{self, Kind},
        sequence::{Sequence, SequenceKind, sequence_kind},
    },
    Argument, Call, Filter, FilterError, required, safe,
};

pub(super) const FILTERS: &[Filter] = &[safe("slice", Argument::Required, slice_filter)];

/// Django: what is no slice, or cannot be sliced, is silent.
fn slice_filter(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let Some(slice) = Slice::parse(&python::as_text(required(argument)?)) else {
        return Ok(value.clone());
    };
    Ok(match python::kind(value) {
        Kind::Str(text) => Value::from(
            slice
                .pick(text.chars().collect())
                .into_iter()
                .collect::<String>(),
        ),
        Kind::List => {
            let pick = || python::iterate(value).map(|items| slice.pick(items));
            match sequence_kind(value) {
                None => pick()?.into_iter().collect(),
                Some(SequenceKind::View(_)) => value.clone(),
                Some(_) => Sequence::value(SequenceKind::Tuple, pick()?),
            }
        }
        _ => value.clone(),
    })
}

struct Slice {
    from: Option<i64>,
    to: Option<i64>,
    /// Not zero.
    by: i64,
}

impl Slice {
    fn parse(text: &str) -> Option<Self> {
        let bounds: Option<Vec<Option<i64>>> = text
            .split(':')
            .map(|bound| match bound {
                "" => Some(None),
                bound => python::to_i64(&Value::from(bound)).ok().map(Some),
            })
            .collect();
        let (from, to, by) = match bounds?[..] {
            [to] => (None, to, None),
            [from, to] => (from, to, None),
            [from, to, by] => (from, to, by),
            _ => return None,
        };
        let by = by.unwrap_or(1);
        (by != 0).then_some(Self { from, to, by })
    }

    fn pick<T>(&self, mut items: Vec<T>) -> Vec<T> {
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let (mut from, mut to) = (self.from, self.to);
        if self.by < 0 {
            // The same items of the list from its end, where the first is the last.
            items.reverse();
            [from, to] = [from, to].map(|bound| bound.map(|bound| -1 - bound));
        }
        let place = |bound: i64| {
            let place = if bound < 0 {
                bound.saturating_add(length)
            } else {
                bound
            };
            usize::try_from(place.clamp(0, length)).unwrap_or(0)
        };
        let skipped = place(from.unwrap_or(0));
        let end = place(to.unwrap_or(length));
        let step = usize::try_from(self.by.unsigned_abs()).unwrap_or(usize::MAX);
        let picked = items.into_iter().take(end).skip(skipped);
        picked.step_by(step).collect()
    }
}
