//! Python: programs that the Python component runs.
//!
//! Start at [`Python::open`]. The component is no part of this crate: it is an image file that `b8g component add python` makes. A program is
//! a bundle of its sources, found here without running any of it; a context takes it from the role PROGRAM. Nothing of the
//! directory that it came from is granted to the context by that. A program that is stopped, or traps, tells where it was in its sources: see
//! `place.rs`.

use std::path::Path;
use std::sync::Arc;

use b8g_frontend_py as frontend;

use crate::component::{Component, ComponentError};
use crate::engine::Engine;
use crate::image::{Image, ImageError, ReadOptions};

pub use b8g_frontend_py::is_incomplete as is_incomplete_python;
pub use b8g_frontend_py::{
    Bundle, BundleError, Entry as PythonEntry, Options as PythonOptions, Packages, When,
};

/// The version of what the engine and the Python component tell one another, which the name of the component's image ends with.
pub const PYTHON_CONTRACT: u32 = 1;

/// The Python component. Cheap to clone.
///
/// ```no_run
/// use b8g::{Config, Context, Engine, Grants, Limits, Python, PythonEntry, PythonOptions};
/// let engine = Engine::new(Config::new())?;
/// let python = Python::open(&engine, "python.b8g")?;
/// let entry = PythonEntry::File("report.py".as_ref());
/// let (_, program) = python.load(entry, &PythonOptions::default())?;
/// let mut context = Context::restore(&program, &Grants::none(), Limits::default())?;
/// assert!(context.run().is_success());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Python {
    image: Image,
}

impl Python {
    /// Reads the component from its image.
    ///
    /// # Errors
    /// [`ImageError`] when the file is damaged, or no image of a component that was made ready.
    pub fn open(engine: &Engine, path: impl AsRef<Path>) -> Result<Python, ImageError> {
        Ok(Python::of(Image::open(engine, path, &ReadOptions::default())?))
    }

    /// Takes a component that was made ready and frozen.
    pub fn of(image: Image) -> Python {
        Python { image: image.of_python() }
    }

    /// Finds a program's sources. Contexts that are restored from the image run it; the component knows the files that it was made from.
    ///
    /// # Errors
    /// [`ComponentError`] when a file cannot be read or is too large. What is no Python is told by the context that runs it.
    pub fn load(
        &self,
        entry: PythonEntry<'_>,
        options: &PythonOptions,
    ) -> Result<(Component, Image), ComponentError> {
        let bundle = frontend::build_bundle(entry, options)?;
        let program: Arc<[u8]> = bundle.bytes.into();
        let component = self.image.component().running(program.clone()).made_from(bundle.files);
        Ok((component, self.image.clone().with_program(program)))
    }
}
