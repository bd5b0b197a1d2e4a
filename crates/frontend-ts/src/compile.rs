//! One source to what the engine runs: parsed, typed syntax stripped, its requests found.
//!
//! Start at [`compile`]. Invariant: no source reaches the recursive parser before `nesting` bounded what it costs.

use oxc::allocator::Allocator;
use oxc::ast::ast::{Statement, TSModuleReference};
use oxc::diagnostics::{OxcDiagnostic, Severity};
use oxc::parser::{ParseOptions, Parser, ParserReturn};
use oxc::span::{GetSpan, SourceType, Span};

use crate::commonjs::{self, Analysis, Exports};
use crate::erase::{self, Erased};
use crate::error::{Bound, ErrorKind};
use crate::frame::{Place, printable};
use crate::json;
use crate::language::Language;
use crate::limits::{MESSAGE_CHARS_MAX, ProgramLimits};
use crate::mode;
use crate::namespaces;
use crate::nesting::{self, Dialect};
use crate::program::{Mapping, ModuleKind};
use crate::requests::{self, Request};
use crate::shape::{self, Shape};
use crate::transform::{self, Decorators};

/// What to compile.
pub(crate) struct Unit<'a> {
    /// The name that errors show.
    pub name: &'a str,
    pub source: &'a str,
    pub language: Language,
    pub format: Format,
    /// Asked only when a decorator is found: it may read a `tsconfig.json`.
    pub decorators: &'a (dyn Fn() -> Decorators + Sync),
    /// Find out what an ES module takes and gives, too.
    pub shape: bool,
    /// Write the mode of packages into it: see [`mode`].
    pub production: bool,
}

/// Which module system a file is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Module,
    CommonJs,
    /// An ES module if it has the syntax of one, else CommonJS.
    Detect,
    /// What a program begins with: CommonJS if it uses that and has no syntax of ES modules, else an ES module.
    Entry,
}

/// What the engine runs.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub kind: ModuleKind,
    /// The code; `None` if the source is run as it is.
    pub code: Option<String>,
    pub map: Vec<Mapping>,
    pub requests: Vec<Request>,
    pub exports: Exports,
    /// `None` if nobody asked, it cannot be told, or it is no ES module.
    pub shape: Option<Shape>,
    /// Without a shape: it may ask for modules whose names it computes.
    pub is_open: bool,
}

/// Compiles a source.
pub(crate) fn compile(unit: &Unit, limits: &ProgramLimits) -> Result<Compiled, ErrorKind> {
    if unit.language == Language::Json {
        return compile_json(unit);
    }
    let mut compiled = with_stack(unit, limits.nesting_max, || compile_here(unit))?;
    if unit.shape && compiled.kind == ModuleKind::Module && compiled.shape.is_none() {
        let code = compiled.code.as_deref().unwrap_or(unit.source);
        compiled.shape = shape::of_code(code, &compiled.requests, limits.nesting_max);
    }
    Ok(compiled)
}

/// Does work that parses the source on a stack that suffices for it.
pub(crate) fn with_stack<T: Send>(
    unit: &Unit,
    nesting_max: usize,
    work: impl FnOnce() -> Result<T, ErrorKind> + Send,
) -> Result<T, ErrorKind> {
    let dialect = Dialect { types: unit.language.is_typescript(), jsx: unit.language.is_jsx() };
    let refused = |offset, advice| too_deep(unit, nesting_max, offset, advice);
    let stack_bytes = nesting::measure(unit.source, dialect, nesting_max)
        .map_err(|deep| refused(deep.offset, deep.advice))?;
    nesting::run_with_stack(stack_bytes, work)
        .unwrap_or_else(|| Err(refused(0, "the system refused the memory to parse it; split the file")))
}

fn compile_json(unit: &Unit) -> Result<Compiled, ErrorKind> {
    json::validate(unit.source).map_err(|error| ErrorKind::Syntax {
        place: Place::new(unit.name, unit.source, error.offset, 1),
        message: error.message.to_owned(),
        help: None,
    })?;
    Ok(Compiled {
        kind: ModuleKind::Json,
        code: None,
        map: Vec::new(),
        requests: Vec::new(),
        exports: Exports::default(),
        shape: None,
        is_open: false,
    })
}

pub(crate) fn compile_here(unit: &Unit) -> Result<Compiled, ErrorKind> {
    if unit.format == Format::Entry {
        let format = if entry_is_commonjs(unit) { Format::CommonJs } else { Format::Module };
        return compile_here(&Unit { format, ..*unit });
    }
    let allocator = Allocator::default();
    let mut parsed = parse(unit, &allocator)?;
    if unit.production
        && let Some(settled) = mode::settle(&parsed.program, unit.source)
    {
        let compiled = compile_here(&Unit { source: &settled, ..*unit })?;
        return Ok(Compiled { code: compiled.code.or(Some(settled)), ..compiled });
    }
    let commonjs = is_commonjs(unit, &parsed);
    if commonjs {
        refuse_module_syntax(unit, &parsed)?;
    }
    let rewritten = rewrite(unit, &allocator, &mut parsed, commonjs)?;
    let (code, map, dropped) = (rewritten.code, rewritten.map, rewritten.dropped);
    if commonjs {
        let Analysis { mut requests, exports, mut is_open, .. } = commonjs::analyze(&parsed.program);
        requests.add_dynamic(&parsed.module_record, unit.source);
        is_open |= requests::are_computed(&parsed.module_record, unit.source);
        let requests = requests.into_list();
        let kind = ModuleKind::CommonJs;
        return Ok(Compiled { kind, code, map, requests, exports, shape: None, is_open });
    }
    let requests = requests::of_module(&parsed.program, &parsed.module_record, unit.source, &dropped)
        .map_err(|bad| ErrorKind::Unsupported {
            message: format!("cannot import with the type \"{}\"", printable(&bad.value, MESSAGE_CHARS_MAX)),
            place: Some(Place::new(unit.name, unit.source, bad.offset as usize, bad.len as usize)),
            help: Some(
                "only \"json\" is known; read other files with `open` of the module \"b8g\"".to_owned(),
            ),
        })?;
    // What was rewritten is not what was parsed.
    let as_it_is = unit.shape && code.is_none() && !unit.language.is_typescript() && !unit.language.is_jsx();
    let shape = as_it_is.then(|| shape::of_program(&parsed.program, unit.source, &requests)).flatten();
    let (kind, exports) = (ModuleKind::Module, Exports::default());
    Ok(Compiled { kind, code, map, requests, exports, shape, is_open: true })
}

/// Tells whether a program that does not say what it is begins as those of Node.js do: with `require` or `exports`.
fn entry_is_commonjs(unit: &Unit) -> bool {
    if !unit.source.contains("require") && !unit.source.contains("exports") {
        return false;
    }
    let allocator = Allocator::default();
    let parsed = parse_as(unit, &allocator, source_type(&Unit { format: Format::CommonJs, ..*unit }));
    first_error(&parsed.diagnostics).is_none()
        && !parsed.program.body.iter().any(is_module_syntax)
        && parsed.module_record.import_metas.is_empty()
        && commonjs::analyze(&parsed.program).is_commonjs
}

/// Decides the module system, as node does for JavaScript.
fn is_commonjs(unit: &Unit, parsed: &ParserReturn) -> bool {
    if unit.format == Format::Module {
        return false;
    }
    let types = unit.language.is_typescript();
    let is_module = if types {
        parsed.program.body.iter().any(is_module_syntax) || !parsed.module_record.import_metas.is_empty()
    } else {
        parsed.program.source_type.is_module()
    };
    match unit.format {
        _ if is_module => false,
        Format::Detect if types => {
            parsed.program.body.iter().any(is_commonjs_syntax)
                || commonjs::analyze(&parsed.program).is_commonjs
        }
        _ => true,
    }
}

/// The engine would refuse it too, but could not say what to do.
fn refuse_module_syntax(unit: &Unit, parsed: &ParserReturn) -> Result<(), ErrorKind> {
    let Some(statement) = parsed.program.body.iter().find(|statement| is_module_syntax(statement)) else {
        return Ok(());
    };
    let span = statement.span();
    Err(ErrorKind::Syntax {
        place: Place::new(unit.name, unit.source, span.start as usize, span.size() as usize),
        message: "`import` and `export` are not part of CommonJS modules".to_owned(),
        help: Some("rename the file to .mjs, or use `require` and `module.exports`".to_owned()),
    })
}

fn is_module_syntax(statement: &Statement) -> bool {
    statement.is_module_declaration() && !is_commonjs_syntax(statement)
}

/// `export = a` and `import a = require("b")`.
fn is_commonjs_syntax(statement: &Statement) -> bool {
    match statement {
        Statement::TSExportAssignment(_) => true,
        Statement::TSImportEqualsDeclaration(import) => {
            matches!(import.module_reference, TSModuleReference::ExternalModuleReference(_))
        }
        _ => false,
    }
}

pub(crate) fn parse<'a>(unit: &Unit<'a>, allocator: &'a Allocator) -> Result<ParserReturn<'a>, ErrorKind> {
    let source_type = source_type(unit);
    let parsed = parse_as(unit, allocator, source_type);
    let Some(error) = first_error(&parsed.diagnostics) else { return Ok(parsed) };
    // `await` outside of functions makes a module of a file that does not say what it is.
    if unit.format == Format::Detect && !source_type.is_module() && unit.source.contains("await") {
        let parsed = parse_as(unit, allocator, source_type.with_module(true));
        if first_error(&parsed.diagnostics).is_none() {
            return Ok(parsed);
        }
    }
    Err(syntax_error(unit, error))
}

fn parse_as<'a>(unit: &Unit<'a>, allocator: &'a Allocator, source_type: SourceType) -> ParserReturn<'a> {
    let options =
        ParseOptions { allow_return_outside_function: !source_type.is_module(), ..ParseOptions::default() };
    Parser::new(allocator, unit.source, source_type).with_options(options).parse()
}

fn source_type(unit: &Unit) -> SourceType {
    match unit.language {
        Language::TypeScript => return SourceType::ts(),
        Language::Tsx => return SourceType::tsx(),
        Language::JavaScript | Language::Jsx | Language::Json => {}
    }
    let source_type = SourceType::mjs().with_jsx(unit.language == Language::Jsx);
    match unit.format {
        Format::Module => source_type,
        Format::Detect if unit.source.contains("import") || unit.source.contains("export") => {
            source_type.with_unambiguous(true)
        }
        _ => source_type.with_commonjs(true),
    }
}

/// What stripping types and JSX made of a source.
#[derive(Default)]
struct Rewritten {
    code: Option<String>,
    map: Vec<Mapping>,
    /// Where the import and export statements begin that only types were imported by.
    dropped: Vec<u32>,
}

fn rewrite<'a>(
    unit: &Unit<'a>,
    allocator: &'a Allocator,
    parsed: &mut ParserReturn<'a>,
    commonjs: bool,
) -> Result<Rewritten, ErrorKind> {
    if !unit.language.is_typescript() && !unit.language.is_jsx() {
        return Ok(Rewritten::default());
    }
    let mut decorators = None;
    match erase::erase(&parsed.program, unit.source) {
        Erased::Done { code, dropped } => return Ok(Rewritten { code, map: Vec::new(), dropped }),
        Erased::Needs(None) => {}
        Erased::Needs(Some(decorator)) => {
            decorators = Some((unit.decorators)());
            if decorators == Some(Decorators::Refused) {
                return Err(refuse_decorators(unit, decorator));
            }
        }
    }
    namespaces::check(&parsed.program).map_err(|refused| {
        let (offset, length) = (refused.span.start as usize, refused.span.size() as usize);
        let place = Some(Place::new(unit.name, unit.source, offset, length));
        ErrorKind::Unsupported { message: refused.message, place, help: refused.help }
    })?;
    let (code, map) = transform::transform(allocator, &mut parsed.program, unit.name, commonjs, decorators)
        .map_err(|error| syntax_error(unit, &error))?;
    Ok(Rewritten { code: Some(code), map, dropped: Vec::new() })
}

fn refuse_decorators(unit: &Unit, decorator: Span) -> ErrorKind {
    ErrorKind::Unsupported {
        message: "decorators are not supported yet".to_owned(),
        place: Some(Place::new(unit.name, unit.source, decorator.start as usize, decorator.size() as usize)),
        help: Some(
            "TypeScript's older decorators are: set \"experimentalDecorators\": true in tsconfig.json"
                .to_owned(),
        ),
    }
}

fn first_error(diagnostics: &[OxcDiagnostic]) -> Option<&OxcDiagnostic> {
    diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error)
}

fn syntax_error(unit: &Unit, error: &OxcDiagnostic) -> ErrorKind {
    let label = error.labels.iter().find(|label| label.primary()).or_else(|| error.labels.first());
    let (offset, len) = label.map_or((0, 0), |label| (label.offset() as usize, label.len() as usize));
    if error.message.starts_with("Namespaces exporting non-const") {
        return ErrorKind::Unsupported {
            message: "a namespace that exports a variable is not supported yet".to_owned(),
            place: Some(Place::new(unit.name, unit.source, offset, len)),
            help: Some("export a const, or a function that answers its value".to_owned()),
        };
    }
    let help = error.help.as_deref().or(error.note.as_deref());
    ErrorKind::Syntax {
        place: Place::new(unit.name, unit.source, offset, len),
        message: printable(&error.message, MESSAGE_CHARS_MAX),
        help: help.map(|help| printable(help, MESSAGE_CHARS_MAX)),
    }
}

fn too_deep(unit: &Unit, nesting_max: usize, offset: usize, advice: &str) -> ErrorKind {
    ErrorKind::TooLarge {
        bound: Bound::Nesting,
        limit: nesting_max,
        path: unit.name.to_owned(),
        place: Some(Place::new(unit.name, unit.source, offset, 1)),
        help: Some(advice.to_owned()),
    }
}
