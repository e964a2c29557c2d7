package saved

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// MaxYAML is the longest file in YAML, in bytes; it is held in memory as a whole.
const MaxYAML = 32 << 20

// ErrNoYAML is the error of a text that is no YAML, and does not say that it is.
var ErrNoYAML = errors.New("is no YAML")

// YAML hands over the documents of a text as JSON. None may be longer than so many
// bytes then. The error says of the file what is wrong with it; what came before was
// handed over.
func YAML(data []byte, maxValue int64, value func(json.RawMessage)) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	for n := 0; ; n++ {
		var v any
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && n == 0 && !bytes.HasPrefix(data, []byte("---")) {
			return ErrNoYAML
		}
		raw, odd := json.Marshal(v)
		if err != nil || odd != nil || int64(len(raw)) > maxValue {
			return fmt.Errorf("is broken YAML from its %d. document on; what came before was read", n+1)
		}
		value(raw)
	}
}
