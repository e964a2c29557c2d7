package inventory_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/muster-nhi/muster/internal/inventory"
)

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(inventory.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("records.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("records.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchemaAcceptsWhatIsWritten(t *testing.T) {
	s := compile(t)
	for line := range strings.Lines(string(encode(t, one()))) {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s%v", line, err)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := compile(t)
	for name, line := range map[string]string{
		"unknown kind": `{"principal":{"id":"aws:x"}}`,
		"two kinds":    `{"progress":{"message":"x"},"usage":{"subject":"aws:x","scope":"s"}}`,
		"none":         `{}`,
		"no id":        `{"identity":{"type":"t","scope":"s","name":"n"}}`,
		"bad id":       `{"identity":{"id":"x","type":"t","scope":"s","name":"n"}}`,
		"bad time":     `{"usage":{"subject":"aws:x","scope":"s","last_used_at":"yesterday"}}`,
		"bad level":    `{"grant":{"id":"aws:g","principal":"aws:x","scope":"s","name":"n","level":"root"}}`,
		"bad hash":     `{"credential":{"id":"aws:g","type":"t","scope":"s","secret_hash":"sha1:00"}}`,
		"bad exposure": `{"credential":{"id":"aws:g","type":"t","scope":"s","exposure":"somewhere"}}`,
		"bad tri":      `{"credential":{"id":"aws:g","type":"t","scope":"s","disabled":"yes"}}`,
		"bad count":    `{"coverage":{"scanner":"aws","scope":"s","kind":"grant","status":"complete","count":-1}}`,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(v) == nil {
			t.Errorf("%s: the schema accepts %s", name, line)
		}
	}
}
