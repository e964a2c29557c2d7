package rules_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/rules"
)

func load(t *testing.T) ([]findings.Rule, *findings.Library, *findings.Engine) {
	t.Helper()
	all, err := findings.LoadRules(rules.FS())
	if err != nil {
		t.Fatal(err)
	}
	lib, err := findings.LoadLibrary(rules.FS())
	if err != nil {
		t.Fatal(err)
	}
	engine, err := findings.NewEngine(all, lib, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all, lib, engine
}

func TestOwnTests(t *testing.T) {
	_, _, engine := load(t)
	for _, r := range engine.RunTests(t.Context()) {
		if !r.OK {
			t.Errorf("%s %q: want %s, got %s (%s)", r.Rule, r.Name, r.Want, r.Got, r.Note)
		}
	}
}

var _ = errors.New
var _ = strings.Join
