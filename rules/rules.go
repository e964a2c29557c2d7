// Package rules holds the built-in rules and the control library: YAML files
// and nothing else. Rules stand at <family>/<ID>.yaml, the library and the
// frameworks at controls/*.yaml. Package findings loads and judges them.
package rules

import (
	"embed"
	"io/fs"
)

//go:embed rotation lifecycle ownership least-privilege exposure federation third-party ai-agent controls
var files embed.FS

// FS returns the built-in rules and controls. It is read-only and the same at
// every call.
func FS() fs.FS { return files }
