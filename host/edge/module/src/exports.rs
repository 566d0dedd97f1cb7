//! The module's exports. A host writes a call where `alloc` says, and reads the answer
//! where `call` says.

use std::cell::RefCell;

use crate::Module;

#[derive(Default)]
struct State {
    module: Module,
    call: Vec<u8>,
    answer: String,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Makes room for a call of so many bytes, and says where; 0 where there is no room.
#[allow(unsafe_code, reason = "an export has a name of its own")]
#[unsafe(no_mangle)]
extern "C" fn alloc(length: usize) -> usize {
    STATE.with_borrow_mut(|state| {
        // The last answer has been read.
        state.answer = String::new();
        state.call = Vec::new();
        if state.call.try_reserve_exact(length).is_err() {
            return 0;
        }
        state.call.resize(length, 0);
        // The host writes there.
        state.call.as_mut_ptr().expose_provenance()
    })
}

/// Does what stands there, and says where the answer is: its address in the upper half,
/// its length in the lower one. It stays there until the next `alloc`.
#[allow(unsafe_code, reason = "an export has a name of its own")]
#[unsafe(no_mangle)]
extern "C" fn call() -> u64 {
    STATE.with_borrow_mut(|state| {
        let call = std::hint::black_box(std::mem::take(&mut state.call));
        state.answer = state.module.call(&call);
        let address = state.answer.as_ptr().expose_provenance();
        let half = |number: usize| u64::try_from(number).unwrap_or_default();
        (half(address) << 32) | half(state.answer.len())
    })
}
