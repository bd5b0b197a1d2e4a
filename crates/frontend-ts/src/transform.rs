//! TypeScript and JSX to JavaScript by the transformer and the code generator of oxc, with a map of positions.
//!
//! Start at [`transform`]. What the engine runs by itself is not lowered: only types, enums, namespaces, parameter
//! properties, legacy decorators and JSX are rewritten.

use std::path::Path;

use oxc::allocator::Allocator;
use oxc::ast::ast::Program;
use oxc::codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc::diagnostics::{OxcDiagnostic, Severity};
use oxc::semantic::SemanticBuilder;
use oxc::transformer::{
    HelperLoaderMode, JsxOptions, JsxRuntime, Module, TransformOptions, Transformer, TypeScriptOptions,
};

use crate::program::Mapping;

/// How decorators are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decorators {
    /// The project did not ask for TypeScript's own decorators.
    Refused,
    /// `experimentalDecorators` of `tsconfig.json`.
    Legacy {
        /// `emitDecoratorMetadata`
        metadata: bool,
    },
}

/// What legacy decorators call: one line before the code.
const HELPERS: &str = concat!(
    "\"use strict\";var babelHelpers={",
    "decorate(d,t,k,p){let n=arguments.length,v=n<3?t:p===null?p=Object.getOwnPropertyDescriptor(t,k):p;",
    "for(let i=d.length-1;i>=0;i--)if(d[i])v=(n<3?d[i](v):n>3?d[i](t,k,v):d[i](t,k))||v;",
    "if(n>3&&v)Object.defineProperty(t,k,v);return v},",
    "decorateParam(i,d){return(t,k)=>d(t,k,i)},",
    "decorateMetadata(k,v){return typeof Reflect.metadata===\"function\"?Reflect.metadata(k,v):undefined}};\n",
);

/// Rewrites `program` and prints it.
pub(crate) fn transform<'a>(
    allocator: &'a Allocator,
    program: &mut Program<'a>,
    name: &str,
    commonjs: bool,
    decorators: Option<Decorators>,
) -> Result<(String, Vec<Mapping>), OxcDiagnostic> {
    let semantic =
        SemanticBuilder::new_compiler().with_excess_capacity(2.0).with_enum_eval(true).build(program);
    let errors = semantic.diagnostics.into_vec().into_iter();
    if let Some(error) = errors.into_iter().find(|error| error.severity == Severity::Error) {
        return Err(error);
    }
    let scoping = semantic.semantic.into_scoping();
    let mut options = options(commonjs, decorators);
    if program.source_type.is_jsx() && program.source_text.contains("@jsxImportSource") {
        // Who names the source wants the functions imported from it.
        options.jsx.runtime = JsxRuntime::Automatic;
    }
    let done = Transformer::new(allocator, Path::new(name), &options).build_with_scoping(scoping, program);
    // The transformer warns of what it cannot rewrite: for a program that is run, that is an error.
    if let Some(error) = done.diagnostics.into_vec().into_iter().next() {
        return Err(error);
    }
    Ok(print(program, decorators.is_some()))
}

fn options(commonjs: bool, decorators: Option<Decorators>) -> TransformOptions {
    let mut options = TransformOptions {
        // Fields are defined as the language says and as other runtimes do; a field that only declares a type is none.
        typescript: TypeScriptOptions {
            remove_class_fields_without_initializer: true,
            ..TypeScriptOptions::default()
        },
        jsx: JsxOptions {
            jsx_plugin: true,
            runtime: JsxRuntime::Classic,
            throw_if_namespace: true,
            ..JsxOptions::disable()
        },
        ..TransformOptions::default()
    };
    options.env.module = if commonjs { Module::CommonJS } else { Module::Esm };
    options.helper_loader.mode = HelperLoaderMode::External;
    if let Some(Decorators::Legacy { metadata }) = decorators {
        options.decorator.legacy = true;
        options.decorator.emit_decorator_metadata = metadata;
    }
    options
}

fn print(program: &Program, helpers: bool) -> (String, Vec<Mapping>) {
    let options = CodegenOptions {
        source_map_path: Some("source".into()),
        comments: CommentOptions::disabled(),
        ..CodegenOptions::default()
    };
    let printed = Codegen::new().with_options(options).build(program);
    let shift = u32::from(helpers);
    let mut map: Vec<Mapping> = printed
        .map
        .iter()
        .flat_map(|map| map.get_tokens())
        .map(|token| Mapping {
            line: token.get_dst_line() + shift,
            column: token.get_dst_col(),
            source_line: token.get_src_line(),
            source_column: token.get_src_col(),
        })
        .collect();
    if !map.is_sorted() {
        map.sort();
    }
    let code = if helpers { HELPERS.to_owned() + &printed.code } else { printed.code };
    (code, map)
}
