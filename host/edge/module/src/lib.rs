//! The engine as a core module, for hosts that know no components: JSON in, JSON out, and
//! no imports. `host/docs/module.md` documents its functions.

mod answer;
mod call;
#[cfg(target_arch = "wasm32")]
mod exports;

use action_triggers_guest::{
    engine::Engine,
    host::{Host, PublishError, Receipt, SettingError},
    message::Message,
};
use serde_json::{Value, json};

use self::call::{Call, Events, Load, Settings};

/// An instance of the module. It holds one set of triggers.
#[derive(Debug, Default)]
pub struct Module {
    engine: Option<Engine>,
}

impl Module {
    /// Does what a call asks for. Gives `{"ok": …}` or `{"error": …}`, as JSON text.
    pub fn call(&mut self, call: &[u8]) -> String {
        let answer = match serde_json::from_slice(call) {
            Ok(call) => self.answer(call),
            Err(error) => Err(answer::invalid_call(&error)),
        };
        match answer {
            Ok(answer) => json!({"ok": answer}).to_string(),
            Err(error) => json!({"error": error}).to_string(),
        }
    }

    fn answer(&mut self, call: Call<'_>) -> Result<Value, Value> {
        match call {
            Call::Load(load) => self.load(load),
            Call::Process(events) => self.process(events),
            Call::Render(events) => self.render(events),
            Call::Explain(events) => {
                let outcomes = self.engine()?.explain(events.split().0);
                Ok(answer::outcomes(outcomes, |one| answer::explanation(&one)))
            }
        }
    }

    fn engine(&self) -> Result<&Engine, Value> {
        self.engine.as_ref().ok_or_else(answer::not_loaded)
    }

    fn load(&mut self, load: Load<'_>) -> Result<Value, Value> {
        if self.engine.is_some() {
            return Err(answer::already_loaded());
        }
        let (set, brokers, limits) = load.into_parts();
        let (engine, loaded) =
            Engine::load(set, brokers, limits).map_err(|refusal| answer::refused(&refusal))?;
        self.engine = Some(engine);
        Ok(answer::loaded(&loaded))
    }

    /// What fires, each record in its place.
    fn process(&self, events: Events<'_>) -> Result<Value, Value> {
        let (inputs, settings) = events.split();
        let mut records = Records {
            settings,
            taken: Vec::new(),
        };
        let outcomes = self.engine()?.process(inputs, &mut records);
        Ok(answer::outcomes(outcomes, |one| {
            let record = one.receipt.map(|number| records.take(number));
            answer::publication(one.trigger, one.queue, record)
        }))
    }

    fn render(&self, events: Events<'_>) -> Result<Value, Value> {
        let (inputs, settings) = events.split();
        let mut records = Records {
            settings,
            taken: Vec::new(),
        };
        let outcomes = self.engine()?.render(inputs, &mut records);
        Ok(answer::outcomes(outcomes, |one| {
            let record = one.message.map(|message| answer::record(&message));
            answer::publication(one.trigger, one.queue, record)
        }))
    }
}

/// The engine's host: settings that came with the call, and the records it hands over.
struct Records<'a> {
    settings: Settings<'a>,
    taken: Vec<Value>,
}

impl Records<'_> {
    /// The record of this number, which is asked for once.
    fn take(&mut self, number: u32) -> Value {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let record = self.taken.get_mut(place);
        record.map(Value::take).unwrap_or_default()
    }
}

impl Host for Records<'_> {
    fn setting(&mut self, path: &str) -> Result<String, SettingError> {
        let value = self.settings.get(path);
        let value = value.ok_or(SettingError::NotAllowed)?;
        Ok(value.get().to_owned())
    }

    fn publish(&mut self, message: &Message<'_>) -> Result<Receipt, PublishError> {
        let number = u32::try_from(self.taken.len()).unwrap_or(u32::MAX);
        self.taken.push(answer::record(message));
        Ok(Receipt { number })
    }
}
