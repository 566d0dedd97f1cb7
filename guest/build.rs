//! Tells the linker how much stack the component takes of its memory.

/// Bytes. What recurs is bounded by depth, and the deepest that is taken needs a quarter of it
/// (`tests/sandbox/honest.rs`); the linker's own choice is 1 MiB in every instance.
const STACK: u32 = 512 << 10;

#[expect(
    clippy::disallowed_methods,
    reason = "cargo names the target in the environment"
)]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size={STACK}");
    }
}
