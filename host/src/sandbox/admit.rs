//! Whether a component from elsewhere may be compiled.
//!
//! Bounds on memory and CPU time hold for code that runs, not for its
//! compilation. A compiler needs both for what it keeps track of, and a few
//! bytes can make it keep track of much: a jump that carries a thousand values, a
//! local that is set within a thousand loops, instances of instances, twice each
//! time. So each of these has a bound above what the engine's component needs.

use wasmparser::{
    ComponentInstance, CompositeInnerType, FunctionBody, Instance, Operator, Parser, Payload,
    Validator,
};

/// Largest component, in bytes.
pub(crate) const MAX_BYTES: usize = 16 << 20;
/// Most values that a function takes.
const MAX_PARAMETERS: usize = 128;
/// Most values that a function or a block gives, and that a block takes.
const MAX_RESULTS: usize = 16;
/// The sum, over all functions, of the squares of how many values they carry
/// over the edges of their blocks. Compiling takes time like these squares: some
/// seconds for all of it.
const MAX_WORK: u64 = 4 << 30;
/// Most modules, components and instances of either.
const MAX_PARTS: usize = 64;

/// Refuses what would cost too much to compile.
///
/// # Errors
///
/// Which bound is broken, or that it is not a component.
pub(crate) fn admit(component: &[u8]) -> Result<(), String> {
    if component.len() > MAX_BYTES {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    if !Parser::is_component(component) {
        return Err("it is not a component".to_owned());
    }
    // Before anything is counted: sizes within it are then what they say.
    Validator::new()
        .validate_all(component)
        .map_err(|error| error.to_string())?;
    let mut costs = Costs::default();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|error| error.to_string())?;
        costs.add(&payload).map_err(|error| error.to_string())??;
    }
    Ok(())
}

/// What has been met so far.
#[derive(Default)]
struct Costs {
    /// How many modules or components are open, the outermost included.
    depth: usize,
    parts: usize,
    work: u64,
}

type Checked = wasmparser::Result<Result<(), String>>;

impl Costs {
    fn add(&mut self, payload: &Payload<'_>) -> Checked {
        match payload {
            Payload::Version { .. } => {
                self.depth += 1;
                self.parts += 1;
            }
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::ComponentSection { .. } if self.depth > 1 => {
                return Ok(Err("its components have components of their own".to_owned()));
            }
            Payload::InstanceSection(reader) => {
                for instance in reader.clone() {
                    let made = matches!(instance?, Instance::Instantiate { .. });
                    self.parts += usize::from(made);
                }
            }
            Payload::ComponentInstanceSection(reader) => {
                for instance in reader.clone() {
                    if matches!(instance?, ComponentInstance::Instantiate { .. }) {
                        if self.depth > 1 {
                            return Ok(
                                Err("its components make instances of their own".to_owned()),
                            );
                        }
                        self.parts += 1;
                    }
                }
            }
            Payload::TypeSection(reader) => return check_types(reader.clone()),
            Payload::CodeSectionEntry(body) => {
                let carried = carried(body)?;
                self.work = self.work.saturating_add(carried.saturating_mul(carried));
            }
            _ => {}
        }
        Ok(self.within_bounds())
    }

    fn within_bounds(&self) -> Result<(), String> {
        if self.parts > MAX_PARTS {
            return Err(format!(
                "it has more than {MAX_PARTS} modules and instances"
            ));
        }
        if self.work > MAX_WORK {
            return Err("its functions set too many locals in too many blocks".to_owned());
        }
        Ok(())
    }
}

fn check_types(reader: wasmparser::TypeSectionReader<'_>) -> Checked {
    for group in reader {
        for one in group?.into_types() {
            let CompositeInnerType::Func(function) = one.composite_type.inner else {
                continue;
            };
            if function.params().len() > MAX_PARAMETERS || function.results().len() > MAX_RESULTS {
                return Ok(Err(format!(
                    "a function takes more than {MAX_PARAMETERS} values or gives more than \
                     {MAX_RESULTS}"
                )));
            }
        }
    }
    Ok(Ok(()))
}

/// How many values a function may have to carry over the edges of its blocks:
/// for each block the locals that are set within it, at most.
fn carried(body: &FunctionBody<'_>) -> wasmparser::Result<u64> {
    let (mut carried, mut sets, mut locals) = (0_u64, 0_u64, 0_u64);
    let mut open = Vec::new();
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => open.push(sets),
            Operator::End => {
                if let Some(before) = open.pop() {
                    carried = carried.saturating_add((sets - before).min(locals));
                }
            }
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                sets += 1;
                locals = locals.max(u64::from(local_index) + 1);
            }
            _ => {}
        }
    }
    Ok(carried)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The component that this library is built with.
    const ENGINE: &[u8] = include_bytes!(env!("ACTION_TRIGGERS_COMPONENT"));

    fn refused(wat: &str) -> String {
        admit(&wat::parse_str(wat).unwrap()).unwrap_err()
    }

    #[test]
    fn the_engine_keeps_a_wide_margin() {
        assert!(ENGINE.len() < MAX_BYTES / 4);
        let mut costs = Costs::default();
        for payload in Parser::new(0).parse_all(ENGINE) {
            costs.add(&payload.unwrap()).unwrap().unwrap();
        }
        assert!(costs.parts < MAX_PARTS / 2, "{} parts", costs.parts);
        assert!(costs.work < MAX_WORK / 3, "{}", costs.work);
        assert_eq!(admit(ENGINE), Ok(()));
    }

    #[test]
    fn what_is_too_large_or_no_component_is_refused() {
        assert!(
            admit(&vec![0; MAX_BYTES + 1])
                .unwrap_err()
                .contains("bytes")
        );
        assert!(refused("(module)").contains("not a component"));
        assert!(admit(b"no wasm").unwrap_err().contains("not a component"));
        let cut = &ENGINE[..ENGINE.len() / 2];
        assert!(admit(cut).is_err());
    }

    #[test]
    fn jumps_that_carry_many_values_are_refused() {
        let results = "i32 ".repeat(MAX_RESULTS + 1);
        let message = refused(&format!(
            "(component (core module (type (func (result {results})))))"
        ));
        assert!(message.contains("gives more than"), "{message}");
        let parameters = "i32 ".repeat(MAX_PARAMETERS + 1);
        let message = refused(&format!(
            "(component (core module (type (func (param {parameters})))))"
        ));
        assert!(message.contains("takes more than"), "{message}");
    }

    /// So many locals set within so many blocks, each in the next.
    fn nested(locals: usize, blocks: usize) -> Result<(), String> {
        let sets = (0..locals).map(|local| format!("(local.set {local} (i32.const 1))"));
        let sets = sets.collect::<Vec<_>>().concat();
        let (starts, ends) = ("loop ".repeat(blocks), "end ".repeat(blocks));
        let declared = "(local i32)".repeat(locals);
        let wat = format!("(component (core module (func {declared} {starts} {sets} {ends})))");
        admit(&wat::parse_str(wat).unwrap())
    }

    #[test]
    fn many_locals_set_in_many_blocks_are_refused() {
        assert_eq!(nested(10_000, 5), Ok(()));
        assert_eq!(nested(5, 10_000), Ok(()));
        let message = nested(1_000, 1_000).unwrap_err();
        assert!(message.contains("too many locals"), "{message}");
    }

    #[test]
    fn instances_of_instances_are_refused() {
        let message = refused("(component (component (component)))");
        assert!(message.contains("components of their own"), "{message}");
        let message = refused(
            "(component $a (component $b) (component (alias outer $a $b (component $c)) (instance (instantiate $c))))",
        );
        assert!(message.contains("instances of their own"), "{message}");
        let many = "(core instance (instantiate $m))".repeat(MAX_PARTS);
        let message = refused(&format!("(component (core module $m) {many})"));
        assert!(message.contains("modules and instances"), "{message}");
    }
}
