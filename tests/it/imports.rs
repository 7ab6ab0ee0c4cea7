//! Which file of `src/` names an item that which other file defines.
//!
//! An item that a module only passes on counts for the file that defines it; tests do not count. What is called as a method
//! is not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A path of an item or a module: its names, from the top of the crate where it is known.
type Names = Vec<String>;

/// Files by the paths of their modules.
pub struct Sources(BTreeMap<Names, Source>);

/// What a file says.
struct Source {
    path: String,
    uses: Vec<Use>,
    /// Paths in the code itself, and its single names.
    named: Vec<Names>,
}

/// An import: what, and by which name it is known in the file.
struct Use {
    passed_on: bool,
    path: Names,
    name: String,
}

impl Sources {
    /// Takes files with their paths below `src/`.
    pub fn of(files: &[(PathBuf, String)]) -> Self {
        let source = |(path, text): &(PathBuf, String)| {
            let module = module(path)?;
            let tokens = without_tests(tokens(text));
            let (uses, code) = split(&tokens);
            Some((module, Source { path: path.display().to_string(), uses, named: names(&code) }))
        };
        Self(files.iter().filter_map(source).collect())
    }

    /// By file, the files that it imports.
    pub fn imports(&self) -> BTreeMap<String, BTreeSet<String>> {
        let imported = |(module, source): (&Names, &Source)| {
            let bare: BTreeSet<&String> = source.named.iter().map(|path| &path[0]).collect();
            let used = source.uses.iter().filter(|u| !u.passed_on || bare.contains(&u.name)).map(|u| &u.path);
            let named = source.named.iter().filter(|path| path.len() > 1);
            let files = used.chain(named).filter_map(|path| self.file(module, path)).filter(|file| *file != source.path);
            (source.path.clone(), files.collect())
        };
        self.0.iter().map(imported).collect()
    }

    /// The file that defines what a path means in a module; none for a module itself, and for what is not ours.
    fn file(&self, module: &[String], path: &[String]) -> Option<String> {
        let mut path = self.absolute(module, path)?;
        // An item may be passed on more than once.
        for _ in 0..8 {
            let depth = (0..path.len()).take_while(|i| self.0.contains_key(&path[..=*i])).count();
            let (defining, item) = (&path[..depth], path.get(depth)?);
            let source = self.0.get(defining)?;
            let further = source.uses.iter().find(|u| u.name == *item).and_then(|u| self.absolute(defining, &u.path));
            match further {
                Some(further) => path = [&further, &path[depth + 1..]].concat(),
                None => return Some(source.path.clone()),
            }
        }
        None
    }

    /// A path from the top of the crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Names> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([module, rest].concat()),
            "super" => {
                let up = path.iter().take_while(|name| *name == "super").count();
                Some([&module[..module.len().checked_sub(up)?], &path[up..]].concat())
            }
            _ => {
                let imported = self.0[module].uses.iter().find(|u| u.name == *first && u.path[0] != *first);
                let here = || self.0.contains_key(&[module, &path[..1]].concat()).then(|| [module, path].concat());
                match imported {
                    Some(import) => Some([self.absolute(module, &import.path)?, rest.to_vec()].concat()),
                    None => here(),
                }
            }
        }
    }
}

/// Groups of files that import each other, over others or at once.
pub fn circles(imports: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<BTreeSet<String>> {
    let reach: BTreeMap<&String, BTreeSet<&String>> = imports.keys().map(|file| (file, reached(imports, file))).collect();
    let circle = |file: &String| reach[file].iter().filter(|other| reach[**other].contains(file)).map(|other| (*other).clone()).collect();
    imports.keys().map(circle).filter(|circle: &BTreeSet<String>| circle.len() > 1).collect()
}

/// The files that a file imports, over others or at once.
fn reached<'a>(imports: &'a BTreeMap<String, BTreeSet<String>>, file: &'a String) -> BTreeSet<&'a String> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![file]);
    while let Some(file) = next.pop() {
        next.extend(imports[file].iter().filter(|import| seen.insert(*import)));
    }
    seen
}

/// The path of a file's module; none for tests and for the program around the library.
fn module(path: &Path) -> Option<Names> {
    let mut names: Names = path.with_extension("").components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    if names.iter().any(|name| ["tests", "testing", "main"].contains(&name.as_str())) {
        return None;
    }
    names.pop_if(|last| last == "mod" || last == "lib");
    Some(names)
}

/// The names and signs of a source, without comments and texts.
fn tokens(text: &str) -> Vec<String> {
    let (mut tokens, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            'r' if rest.starts_with("r\"") || rest.starts_with("r#\"") => {
                let end = if rest.starts_with("r\"") { "\"" } else { "\"#" };
                let begin = end.len() + 1;
                rest[begin..].find(end).map_or(rest.len(), |at| begin + at + end.len())
            }
            '"' => quoted(rest, '"'),
            '\'' if rest[1..].starts_with('\\') || rest[1..].chars().nth(1) == Some('\'') => quoted(rest, '\''),
            _ if is_name(first) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if is_name(first) && !token.ends_with(['"', '#']) || length <= 2 && first.is_ascii_punctuation() && first != '/' {
            tokens.push(token.to_owned());
        }
        rest = after;
    }
    tokens
}

/// Bytes of a text between two signs, both included.
fn quoted(text: &str, sign: char) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == sign && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// Leaves out modules that are for tests alone, which stand last.
fn without_tests(mut tokens: Vec<String>) -> Vec<String> {
    let begins = |at: &usize| {
        let attribute = &tokens[*at..];
        let Some(end) = (attribute[0] == "#").then(|| attribute.iter().position(|t| t == "]")).flatten() else { return false };
        attribute[..end].iter().any(|t| t == "test") && attribute.get(end + 1).is_some_and(|t| t == "mod")
    };
    let end = (0..tokens.len()).find(|at| begins(at) && tokens[*at..].iter().find(|t| *t == "{" || *t == ";").is_some_and(|t| t == "{"));
    tokens.truncate(end.unwrap_or(tokens.len()));
    tokens
}

/// The imports of a source, and what is left of it without them and without the list of its modules.
fn split(tokens: &[String]) -> (Vec<Use>, Vec<String>) {
    let (mut uses, mut code, mut at) = (Vec::new(), Vec::new(), 0);
    while at < tokens.len() {
        let statement = |at: usize| tokens[at..].iter().position(|t| t == ";").map_or(tokens.len(), |end| at + end);
        match tokens[at].as_str() {
            "use" if tokens.get(at + 1).is_some_and(|t| t != "<") => {
                let end = statement(at);
                let passed_on = at > 0 && (tokens[at - 1] == "pub" || tokens[at - 1] == ")");
                tree(&tokens[at + 1..end], &[], passed_on, &mut uses);
                at = end;
            }
            "mod" if tokens.get(at + 2).is_some_and(|t| t == ";") => at += 2,
            _ => {
                code.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    (uses, code)
}

/// Adds the imports of a tree `a::{b, c::{self, d as e}}`.
fn tree(tokens: &[String], above: &[String], passed_on: bool, uses: &mut Vec<Use>) {
    let mut depth = 0;
    let branches = tokens.split(|token| {
        depth += i32::from(token == "{") - i32::from(token == "}");
        depth == 0 && token == ","
    });
    for branch in branches {
        let names = |tokens: &[String]| tokens.iter().filter(|t| *t != "::").cloned().collect::<Names>();
        if let Some(open) = branch.iter().position(|t| t == "{") {
            let above = [above, &names(&branch[..open])].concat();
            tree(&branch[open + 1..branch.len() - 1], &above, passed_on, uses);
            continue;
        }
        let renamed = branch.iter().position(|t| t == "as");
        let mut path = [above, &names(&branch[..renamed.unwrap_or(branch.len())])].concat();
        if path.len() > 1 {
            path.pop_if(|last| last == "self");
        }
        if let Some(name) = renamed.and_then(|at| branch.get(at + 1)).or(path.last()).cloned() {
            uses.push(Use { passed_on, path, name });
        }
    }
}

/// The paths of code, single names included; what stands behind a dot is no path.
fn names(code: &[String]) -> Vec<Names> {
    let is_name = |token: &String| token.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let mut names: Vec<Names> = Vec::new();
    for (at, token) in code.iter().enumerate().filter(|(_, token)| is_name(token)) {
        let before = |back: usize| at.checked_sub(back).map_or("", |at| code[at].as_str());
        match before(1) {
            "::" if at > 1 && is_name(&code[at - 2]) => {
                if let Some(path) = names.last_mut() {
                    path.push(token.clone());
                }
            }
            "::" | "." => {}
            _ => names.push(vec![token.clone()]),
        }
    }
    names
}
