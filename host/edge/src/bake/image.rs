//! What an instance holds, read and put down as another component.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use wasmtime::{
    Store,
    component::{Component, Instance, Val, WasmList, types::ComponentItem},
};
use wasmtime_wizer::{ComponentContext, ComponentInstanceState, Wizer};

use super::error::BakeError;

/// Where an opened component shows its state.
pub(super) const STATE: &str = "wasmtime:wizer/access";

/// A component that shows what it holds.
pub(super) struct Opened<'a> {
    context: ComponentContext<'a>,
    bytes: Vec<u8>,
}

impl<'a> Opened<'a> {
    pub(super) fn new(component: &'a [u8]) -> Result<Self, BakeError> {
        let opened = wizer().instrument_component(component);
        let (context, bytes) = opened.map_err(BakeError::failed)?;
        Ok(Self { context, bytes })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The component as it was, but holding this from its start.
    pub(super) fn holding(&self, mut image: Image) -> Result<Vec<u8>, BakeError> {
        let written = wizer()
            .snapshot_component(&self.context, &mut image)
            .now_or_never();
        let written = written.ok_or_else(|| BakeError::failed("its state is not there yet"))?;
        written.map_err(BakeError::failed)
    }
}

/// The function that initializes is called by us, and stays an export like any other.
fn wizer() -> Wizer {
    let mut wizer = Wizer::new();
    wizer.keep_init_func(true);
    wizer
}

/// What the memories and globals of an instance hold, by the names of the functions
/// that show them.
#[derive(Debug, Default)]
pub(super) struct Image {
    memories: BTreeMap<String, Vec<u8>>,
    globals: BTreeMap<String, Val>,
}

impl Image {
    /// Reads all that is shown under a name. To show a memory takes one page of it that
    /// is free: wasm counts it in that page.
    pub(super) fn of(
        store: &mut Store<()>,
        (component, instance): (&Component, &Instance),
        name: &str,
    ) -> Result<Self, BakeError> {
        let missing = || BakeError::failed(format!("`{name}` is not shown"));
        let engine = store.engine().clone();
        let (item, place) = component.get_export(None, name).ok_or_else(missing)?;
        let ComponentItem::ComponentInstance(shown) = item else {
            return Err(missing());
        };
        let mut image = Self::default();
        for (function, _) in shown.exports(&engine) {
            let place = component.get_export_index(Some(&place), function);
            let place = place.ok_or_else(missing)?;
            if function.starts_with("memory") {
                let bytes = instance
                    .get_typed_func::<(), (WasmList<u8>,)>(&mut *store, place)
                    .and_then(|show| show.call(&mut *store, ()));
                let (bytes,) = bytes.map_err(|_| BakeError::failed(FULL))?;
                let bytes = bytes.as_le_slice(&*store).to_vec();
                image.memories.insert(function.to_owned(), bytes);
            } else {
                let show = instance.get_func(&mut *store, place).ok_or_else(missing)?;
                let mut value = [Val::Bool(false)];
                show.call(&mut *store, &[], &mut value)
                    .map_err(BakeError::failed)?;
                let [value] = value;
                image.globals.insert(function.to_owned(), value);
            }
        }
        Ok(image)
    }

    fn global(&self, name: &str) -> &Val {
        self.globals.get(name).unwrap_or(&Val::U8(0))
    }
}

const FULL: &str = "their memory has no free page left: load fewer triggers";

/// Wizer asks under the names that it gave, each for the type that it gave.
impl ComponentInstanceState for Image {
    async fn call_func_ret_list_u8(
        &mut self,
        _instance: &str,
        name: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        contents(self.memories.get(name).map_or(&[], Vec::as_slice));
    }

    async fn call_func_ret_s32(&mut self, _instance: &str, name: &str) -> i32 {
        match self.global(name) {
            Val::S32(value) => *value,
            _ => 0,
        }
    }

    async fn call_func_ret_s64(&mut self, _instance: &str, name: &str) -> i64 {
        match self.global(name) {
            Val::S64(value) => *value,
            _ => 0,
        }
    }

    async fn call_func_ret_f32(&mut self, _instance: &str, name: &str) -> u32 {
        match self.global(name) {
            Val::Float32(value) => value.to_bits(),
            _ => 0,
        }
    }

    async fn call_func_ret_f64(&mut self, _instance: &str, name: &str) -> u64 {
        match self.global(name) {
            Val::Float64(value) => value.to_bits(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, component::Linker};

    use super::*;

    /// A component with one module, whose memory has one page, and may have so many.
    fn component(pages: u8) -> Vec<u8> {
        let module = [
            b"\0asm\x01\0\0\0".as_slice(),
            // (memory 1 PAGES)
            &[5, 4, 1, 1, 1, pages],
            // (export "memory" (memory 0))
            b"\x07\x0a\x01\x06memory\x02\0",
            // (data (i32.const 8) "held")
            b"\x0b\x0a\x01\0\x41\x08\x0b\x04held",
        ]
        .concat();
        let length = u8::try_from(module.len()).unwrap();
        let component = [
            b"\0asm\x0d\0\x01\0".as_slice(),
            // (core module MODULE)
            &[1, length],
            &module,
            // (core instance (instantiate 0))
            &[2, 4, 1, 0, 0, 0],
        ];
        component.concat()
    }

    fn baked(pages: u8) -> Result<Vec<u8>, BakeError> {
        let component = component(pages);
        let opened = Opened::new(&component).unwrap();
        let engine = Engine::default();
        let component = Component::new(&engine, opened.bytes()).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &component);
        let instance = instance.unwrap();
        let image = Image::of(&mut store, (&component, &instance), STATE)?;
        opened.holding(image)
    }

    #[test]
    fn a_memory_without_a_free_page_is_refused_with_what_to_do() {
        let error = baked(1).unwrap_err();
        assert_eq!(error.code(), "bake_failed");
        assert!(error.to_string().contains("load fewer triggers"), "{error}");
        // What is loaded leaves a page free.
        assert!(baked(2).unwrap().windows(4).any(|bytes| bytes == b"held"));
    }
}
