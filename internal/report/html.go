package report

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// assets holds the page, its style and its script.
//
//go:embed assets
var assets embed.FS

// asset returns one of the embedded files.
func asset(name string) (string, error) {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return string(b), nil
}

// writeHTML writes one self-contained file for people who decide: it needs no
// network, and its content security policy allows only its own style and
// script, by their hashes. html/template escapes all foreign text.
func writeHTML(w io.Writer, r *Report, _ Options) error {
	page, err := asset("report.html.tmpl")
	if err != nil {
		return err
	}
	style, err := asset("style.css")
	if err != nil {
		return err
	}
	script, err := asset("script.js")
	if err != nil {
		return err
	}
	t, err := template.New("report").Funcs(template.FuncMap{
		"c":          clean,
		"n":          thousands,
		"day":        day,
		"seen":       seen,
		"provenance": provenance,
		"str":        func(v any) string { return fmt.Sprint(v) },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("read page template: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if err := t.Execute(out, newView(r, style, script)); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	return nil
}

// sourceHash is the hash of an inline style or script as a content security
// policy names it (CSP Level 3, section 6.7.3.3).
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// when writes the time of a run and how long it took.
func when(r Run) string {
	if r.StartedAt.IsZero() {
		return "time unknown"
	}
	text := human(r.StartedAt)
	if r.FinishedAt.After(r.StartedAt) {
		text += ", in " + r.FinishedAt.Sub(r.StartedAt).Round(time.Second).String()
	}
	return text
}

// human writes a time for people, in UTC.
func human(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}

// stateWorthShowing keeps the states that tell a reader something.
func stateWorthShowing(f *inventory.Finding) string {
	if f.State == "new" || f.State == "reopened" {
		return f.State
	}
	return ""
}
