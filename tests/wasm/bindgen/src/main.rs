//! `bindgen PROGRAM.wasm FOLDER [names]`: writes the program and its JavaScript, a module for pages and for Node.js. The names of
//! functions are left out unless they are asked for.

use wasm_bindgen_cli_support::Bindgen;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, folder, rest @ ..] = &arguments[..] else { panic!("which program, and which folder?") };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(program)
        .typescript(false)
        .remove_producers_section(true)
        .omit_default_module_path(false);
    bindgen.remove_name_section(rest.is_empty());
    bindgen.web(true).and_then(|bindgen| bindgen.generate(folder)).expect("a module");
}
