//! minijinja's machine, for templates with tags that loop, bind or capture.
//!
//! A template that is compiled takes about 8 KB however short it is, so only those used last are
//! kept compiled; the others are compiled again when they are needed.

use std::{
    collections::VecDeque,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use minijinja::{Environment, Error, State, Value};

use super::runtime::{self, Bounds};

/// The most bytes that compiled templates take, roughly; one is kept however large it is.
const MOST_BYTES: usize = 512 << 10;
/// What minijinja reserves for each template.
const RESERVED: usize = 8 << 10;
/// How many bytes a byte of the source becomes at most, roughly.
const GROWTH: usize = 8;

/// The most steps that the machine is given: minijinja counts 64 units of each in 64 bits.
const MOST_FUEL: u64 = u64::MAX >> 8;

/// A template for the machine, in its language.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// Its own among those of the machine.
    name: Box<str>,
    source: Box<str>,
}

#[derive(Debug)]
pub(super) struct Machine {
    count: usize,
    compiled: Mutex<Compiled>,
}

/// The templates that are compiled at the moment.
#[derive(Debug)]
struct Compiled {
    environment: Environment<'static>,
    /// Names and sizes; the one used last is the last one.
    recent: VecDeque<(Box<str>, usize)>,
    bytes: usize,
}

impl Program {
    /// What compiling it takes.
    pub(super) fn steps(&self) -> u64 {
        8 + u64::try_from(self.source.len()).unwrap_or(u64::MAX) / 8
    }
}

impl Machine {
    pub(super) fn new(bounds: &Bounds) -> Self {
        Self {
            count: 0,
            compiled: Mutex::new(Compiled {
                environment: runtime::environment(bounds),
                recent: VecDeque::new(),
                bytes: 0,
            }),
        }
    }

    /// Takes a program that compiles.
    pub(super) fn program(&mut self, source: String, autoescape: bool) -> Result<Program, Error> {
        self.count += 1;
        let ending = if autoescape { runtime::ESCAPED } else { "" };
        let name = format!("{}{ending}", self.count);
        self.lock()
            .environment
            .template_from_named_str(&name, &source)?;
        Ok(Program {
            name: name.into(),
            source: source.into(),
        })
    }

    /// Runs a program for at most so many steps, writes to `out`, and gives what `finish` finds
    /// at its end.
    pub(super) fn run<T>(
        &self,
        (program, steps): (&Program, u64),
        root: Value,
        out: impl io::Write,
        finish: impl FnOnce(&State<'_, '_>) -> T,
    ) -> Result<T, Error> {
        let mut compiled = self.lock();
        compiled.add(program)?;
        compiled.environment.set_fuel(Some(steps.min(MOST_FUEL)));
        let template = compiled.environment.get_template(&program.name)?;
        let captured = template.render_captured_to(root, out)?;
        Ok(finish(captured.state()))
    }

    fn lock(&self) -> MutexGuard<'_, Compiled> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Compiled {
    /// Compiles a program if it is not; those not used for the longest time make room.
    fn add(&mut self, program: &Program) -> Result<(), Error> {
        let known = self
            .recent
            .iter()
            .rposition(|(name, _)| *name == program.name);
        if let Some(entry) = known.and_then(|place| self.recent.remove(place)) {
            self.recent.push_back(entry);
            return Ok(());
        }
        let size = RESERVED + GROWTH * program.source.len();
        while self.bytes + size > MOST_BYTES
            && let Some((name, size)) = self.recent.pop_front()
        {
            self.environment.remove_template(&name);
            self.bytes -= size;
        }
        let (name, source) = (program.name.to_string(), program.source.to_string());
        self.environment.add_template_owned(name, source)?;
        self.recent.push_back((program.name.clone(), size));
        self.bytes += size;
        Ok(())
    }
}

/// Takes so many bytes and no more.
pub(super) struct Bounded<'a> {
    pub(super) out: &'a mut String,
    pub(super) left: usize,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self
            .left
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::WriteZero)?;
        self.out
            .push_str(str::from_utf8(bytes).map_err(io::Error::other)?);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
