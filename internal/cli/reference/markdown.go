package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/millrace-ml/millrace/internal/cli"
	"github.com/millrace-ml/millrace/internal/config"
)

const generated = "<!-- Written by `make reference`; do not edit. -->\n\n"

// mlflowOptions has the flags of `mlflow server` and their environment variables, a line
// each, as its command line library click reports them for MLflow 3.18.
//
//go:embed mlflow_options.tsv
var mlflowOptions string

// markdown returns the pages: an index, the options of the server, and a page for each
// command of the root with all of its subcommands.
func markdown() (map[string][]byte, error) {
	root := cli.New()
	root.InitDefaultCompletionCmd()
	root.DisableAutoGenTag = true
	root.PersistentFlags().Lookup("help").Hidden = true // Every command has it.
	files := map[string][]byte{"options.md": optionsPage()}
	index := bytes.NewBufferString(generated + "# Reference\n\n" +
		"- [options.md](options.md): the options of `millrace server` with their environment variables\n")
	for _, cmd := range root.Commands() {
		if !cmd.IsAvailableCommand() || cmd.Name() == "help" {
			continue
		}
		page := bytes.NewBufferString(generated)
		if err := commandPage(page, cmd, cmd); err != nil {
			return nil, err
		}
		name := cmd.Name() + ".md"
		files[name] = append(bytes.TrimRight(page.Bytes(), "\n"), '\n')
		fmt.Fprintf(index, "- [millrace %s](%s): %s\n", cmd.Name(), name, cmd.Short)
	}
	files["README.md"] = index.Bytes()
	return files, nil
}

// commandPage appends a command and its subcommands to the page of the command top.
func commandPage(page *bytes.Buffer, top, cmd *cobra.Command) error {
	cmd.Long = escape(cmd.Long)
	link := func(file string) string {
		path := strings.TrimSuffix(file, ".md")
		if path == "millrace" {
			return "README.md"
		}
		return "#" + strings.ReplaceAll(path, "_", "-")
	}
	var text bytes.Buffer
	if err := doc.GenMarkdownCustom(cmd, &text, link); err != nil {
		return err
	}
	// The page has one heading of the first level.
	if cmd == top {
		text.Next(len("#"))
	}
	page.Write(text.Bytes())
	for _, sub := range cmd.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if err := commandPage(page, top, sub); err != nil {
			return err
		}
	}
	return nil
}

// escape escapes the prose of a help text for Markdown. Indented lines are code.
func escape(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, "\t") && !strings.HasPrefix(line, "    ") {
			lines[i] = strings.NewReplacer(`<`, `\<`, `*`, `\*`).Replace(line)
		}
	}
	return strings.Join(lines, "\n")
}

const optionsIntroduction = `# Options of the server

Every option of ` + "`millrace server`" + ` is a flag or an environment variable. The flag takes precedence. The last
column says where an option is from: *MLflow* has the flag and the variable as ` + "`mlflow server`" + ` of MLflow 3.18
has them, *MLflow's variable* has a variable of MLflow's that has no flag there, and *Millrace* is ours.

| option | variable | default | meaning | from |
|---|---|---|---|---|
`

const refusedIntroduction = `
## Refused options

These options of ` + "`mlflow server`" + ` are errors, because the server would not do what they ask for.

| option | variable | reason |
|---|---|---|
`

func optionsPage() []byte {
	var taken, refused strings.Builder
	for _, o := range config.Options() {
		flag := ""
		if o.Flag != "" {
			flag = "`--" + o.Flag + "`"
		}
		if o.Short != "" {
			flag += ", `-" + o.Short + "`"
		}
		if o.Refused {
			fmt.Fprintf(&refused, "| %s | %s | %s |\n", flag, code(o.Env), cell(o.Help))
			continue
		}
		fmt.Fprintf(&taken, "| %s | %s | %s | %s | %s |\n", flag, code(o.Env), code(o.Default), cell(o.Help), origin(o))
	}
	return []byte(generated + optionsIntroduction + taken.String() + refusedIntroduction + refused.String())
}

// origin names the program that an option is from.
func origin(o config.Option) string {
	for line := range strings.Lines(mlflowOptions) {
		if flag, _, _ := strings.Cut(line, "\t"); flag == o.Flag {
			return "MLflow"
		}
	}
	if strings.HasPrefix(o.Env, "MLFLOW_") {
		return "MLflow's variable"
	}
	return "Millrace"
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

// cell escapes the text of a help for a table.
func cell(text string) string {
	parts := strings.Split(text, "`")
	for i := 0; i < len(parts); i += 2 { // Every second part is code.
		parts[i] = escape(parts[i])
	}
	return strings.ReplaceAll(strings.Join(parts, "`"), "|", `\|`)
}
