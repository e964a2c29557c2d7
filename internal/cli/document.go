package cli

import (
	"encoding/json"
	"io"

	"github.com/muster-nhi/muster/internal/config"
)

// writeJSON writes a document as JSON, indented by two blanks.
func writeJSON(w io.Writer, doc any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

// writeYAML writes a document as YAML.
func writeYAML(w io.Writer, doc any) error {
	b, err := config.Marshal(doc)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// noFormat refuses a format of what a command prints: these are all.
func noFormat(format string, formats ...string) error {
	return usage("--output: %q is no format%s", visible(format), config.DidYouMean(format, formats))
}
