//go:build e2e

package report

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A browser is a headless Chromium with one tab that notes what must not
// happen: console errors, exceptions, and requests for anything but the page.
type browser struct {
	ctx      context.Context //nolint:containedctx // the tab lives in it, as chromedp has it
	mu       sync.Mutex
	troubles []string
}

func openBrowser(t *testing.T) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	if path := os.Getenv("MUSTER_CHROMIUM"); path != "" {
		options = append(options, chromedp.ExecPath(path))
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx}
	if err := chromedp.Listen(ctx, b.note); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return b
}

func (b *browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		b.troubles = append(b.troubles, "log: "+e.Entry.Text)
	case *runtime.EventExceptionThrown:
		b.troubles = append(b.troubles, "exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.troubles = append(b.troubles, "console: "+e.Type.String())
	case *network.EventRequestWillBeSent:
		if e.Type != network.ResourceTypeDocument {
			b.troubles = append(b.troubles, "request: "+e.Request.URL)
		}
	}
}

// page serves one HTML page at the loopback address, and counts what else is
// asked for.
func (b *browser) page(t *testing.T, html []byte) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/report.html" {
			b.mu.Lock()
			b.troubles = append(b.troubles, "server was asked for "+r.URL.Path)
			b.mu.Unlock()
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(html)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/report.html"
}

// ask evaluates an expression in the page.
func ask[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("evaluate %s: %v", expression, err)
	}
	return v
}

func TestE2EHTMLInChromium(t *testing.T) {
	b := openBrowser(t)
	url := b.page(t, write(t, "html", Options{}))
	for _, width := range []int64{360, 768, 1440} {
		if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(url)); err != nil {
			t.Fatal(err)
		}
		if wide := ask[int](t, b, `document.documentElement.scrollWidth`); wide > int(width) {
			t.Errorf("at %d the page is %d wide", width, wide)
		}
		if high := ask[float64](t, b, `Math.max(...[...document.querySelectorAll("caption, th")].map(x => x.getBoundingClientRect().height))`); high > 160 {
			t.Errorf("at %d a heading of a table is %v high: its words are broken into letters", width, high)
		}
		b.shot(t, fmt.Sprintf("light-%d.png", width))
	}
	text := ask[string](t, b, `document.body.innerText`)
	for _, want := range []string{
		"8 critical findings need action now", "PARTIAL", "leaked in deploy/prod.env:12", "ISO/IEC 27001:2022",
		"platform@northwind.example", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", `\u202e`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if n := ask[int](t, b, `document.querySelectorAll("script, img, link, iframe, object").length`); n != 1 {
		t.Errorf("%d active elements, want the one script of the page", n)
	}
	b.filter(t)
	b.structure(t)
	if err := b.dark(); err != nil {
		t.Fatal(err)
	}
	if got := ask[string](t, b, `getComputedStyle(document.body).backgroundColor`); got != "rgb(14, 19, 27)" {
		t.Errorf("background in dark mode is %s", got)
	}
	b.shot(t, "dark-1440.png")
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.troubles) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(b.troubles, "\n"))
	}
}

// filter types into the search box and reads which rows stay.
func (b *browser) filter(t *testing.T) {
	t.Helper()
	const visible = `Array.from(document.querySelectorAll("#all tbody tr")).filter(r => r.offsetParent !== null).length`
	set := func(id, value string) {
		ask[bool](t, b, fmt.Sprintf(`(() => { const e = document.getElementById(%q); e.value = %q; e.dispatchEvent(new Event("input")); e.dispatchEvent(new Event("change")); return true })()`, id, value))
	}
	if n := ask[int](t, b, visible); n != 36 {
		t.Errorf("%d rows at first, want 36", n)
	}
	set("q", "mcp AGENT")
	if n := ask[int](t, b, visible); n != 1 {
		t.Errorf("%d rows for two words, want 1", n)
	}
	set("q", "")
	set("level", "low")
	if n := ask[int](t, b, visible); n != 1 {
		t.Errorf("%d rows of severity low, want 1", n)
	}
	if got := ask[string](t, b, `document.getElementById("shown").value`); got != "1 of 36 shown" {
		t.Errorf("the count says %q", got)
	}
	set("level", "")
}

// structure checks what a screen reader goes by.
func (b *browser) structure(t *testing.T) {
	t.Helper()
	for expression, want := range map[string]string{
		`document.documentElement.lang`:                                                                                                               "en",
		`String(document.querySelectorAll("main, nav, header, footer").length)`:                                                                       "4",
		`String(document.querySelectorAll("h1").length)`:                                                                                              "1",
		`String([...document.querySelectorAll("table")].filter(x => !x.caption).length)`:                                                              "0",
		`String([...document.querySelectorAll("th")].filter(x => !x.scope).length)`:                                                                   "0",
		`String([...document.querySelectorAll("svg")].filter(x => x.getAttribute("aria-hidden") !== "true" && !x.getAttribute("aria-label")).length)`: "0",
		`String([...document.querySelectorAll("input, select")].filter(x => !x.labels.length).length)`:                                                "0",
		`String([...document.querySelectorAll("nav a")].filter(x => !document.querySelector(x.getAttribute("href"))).length)`:                         "0",
		`String(document.querySelectorAll("[style]").length)`:                                                                                         "0",
	} {
		if got := ask[string](t, b, expression); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
}

func (b *browser) dark() error {
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	return err
}

// shot keeps a picture to look at, if MUSTER_SHOTS names a directory.
func (b *browser) shot(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("MUSTER_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestE2EHTMLOfManyFindings loads a page at its cap.
func TestE2EHTMLOfManyFindings(t *testing.T) {
	b := openBrowser(t)
	if err := chromedp.Do(b.ctx, chromedp.Navigate(b.page(t, writeReport(t, many(t, 40, 500), "html", Options{})))); err != nil {
		t.Fatal(err)
	}
	if n := ask[int](t, b, `document.querySelectorAll("#all tbody tr").length`); n != rowsInPage {
		t.Errorf("%d rows, want %d", n, rowsInPage)
	}
	if text := ask[string](t, b, `document.getElementById("findings").innerText`); !strings.Contains(text, "The worst 1,000 of 20,000") {
		t.Error("the page does not say that it shows a part")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.troubles) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(b.troubles, "\n"))
	}
}

// TestE2ESARIFMultitool validates each profile with Microsoft's validator, whose
// native binary MUSTER_SARIF_MULTITOOL names. It ends with 0 whatever it
// finds, so its log is read.
func TestE2ESARIFMultitool(t *testing.T) {
	tool := os.Getenv("MUSTER_SARIF_MULTITOOL")
	if tool == "" {
		t.Fatal("MUSTER_SARIF_MULTITOOL does not name the binary of @microsoft/sarif-multitool-linux")
	}
	kinds := map[string]string{"generic": "Sarif", "github": "Sarif;Ghas", "gitlab": "Sarif", "azdo": "Sarif;Ado", "defectdojo": "Sarif"}
	for name, r := range map[string]*Report{"sample": sample(t), "many": many(t, 25, 20)} {
		for _, profile := range SARIFProfiles() {
			t.Run(name+" "+profile, func(t *testing.T) {
				dir := t.TempDir()
				in, out := filepath.Join(dir, "in.sarif"), filepath.Join(dir, "out.sarif")
				if err := os.WriteFile(in, writeReport(t, r, "sarif", Options{SARIFProfile: profile, Pipeline: pipeline()}), 0o600); err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command(tool, "validate", in, "--output", out, "--rule-kind", kinds[profile], "--level", "Error;Warning;Note", "--log", "ForceOverwrite")
				if text, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
				for _, complaint := range complaints(t, out) {
					t.Error(complaint)
				}
			})
		}
	}
}

// pipeline is what Azure DevOps tells a job of itself.
func pipeline() Pipeline {
	return Pipeline{DefinitionID: "17", DefinitionName: "fleet", PhaseID: "3a3a2a60-14c7-570b-14a4-fa42ad92f52a", PhaseName: "scan"}
}

// tolerated are notes of the validator that do not fit a scan of identities.
func tolerated() map[string]bool {
	return map[string]bool{
		"SARIF2002 Note_Default":                true, // messages made by rule, not from templates
		"SARIF2003 Note_Default":                true, // there is no one repository
		"SARIF2006 Note_Default":                true, // wants to fetch the schema
		"SARIF2009 Note_UseConventionalRuleIds": true, // wants ABC1234; our ids are a promise
		"SARIF2010 Note_Default":                true, // a snippet would show the secret
		"SARIF2011 Note_Default":                true, // so would its context
		"SARIF2012 Note_ProvideHelpUri":         true, // the help is in the file, to be read offline
	}
}

func complaints(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Runs []struct {
			Results []struct {
				RuleID  string `json:"ruleId"`
				Level   string `json:"level"`
				Message struct {
					ID        string   `json:"id"`
					Arguments []string `json:"arguments"`
				} `json:"message"`
			} `json:"results"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Runs) == 0 {
		t.Fatal("the validator wrote no run")
	}
	seen := map[string]bool{}
	var out []string
	for _, r := range doc.Runs[0].Results {
		text := fmt.Sprintf("%s %s %s %q", r.Level, r.RuleID, r.Message.ID, r.Message.Arguments)
		if !tolerated()[r.RuleID+" "+r.Message.ID] && !seen[r.RuleID+r.Message.ID] {
			seen[r.RuleID+r.Message.ID] = true
			out = append(out, text)
		}
	}
	return out
}
