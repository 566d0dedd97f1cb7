//! What callers of `edge.wasm` see. The engine imports what the rules export, so the
//! rules cannot call the engine: the facade calls both and carries between them what
//! each says.

#[cfg(target_arch = "wasm32")]
mod component;
