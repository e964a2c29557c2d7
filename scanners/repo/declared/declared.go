// Package declared reads the machine identities that the files of a repository
// declare: CI workflows, infrastructure as code, Kubernetes manifests, and the
// configuration of AI agents and MCP servers.
//
// It is pure: it reads the bytes it is given. What a file leaves to an
// expression or a variable stays unknown; nothing is rendered, evaluated or
// fetched.
//
// Record ids are "repo:<scope>/<kind>/<path>#<name>", stable as long as the
// file keeps its path and the thing its name. Terraform and Kubernetes name
// things per directory (a module, a kustomization) and not per file, so there
// the path is the directory's; a CI secret belongs to the repository, and its
// path is the name of the host. What several files declare under one id is one
// record with several locations.
package declared

import (
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// MaxSize is the largest file that is parsed, in bytes. A larger one is a
// Problem.
const MaxSize = 10 << 20

// A File is one file of a repository.
type File struct {
	Scope   string                            // the repository, as in the scope of its records
	Path    string                            // inside the repository, with forward slashes
	Content []byte                            // neither kept nor changed
	Prefix  string                            // what record ids begin with, without the colon; empty is "repo"
	Hash    func([]byte) inventory.SecretHash // keyed hash of a secret value; nil leaves hashes empty
}

// A Problem is something in a file that could not be read. Its message quotes
// no content of the file.
type Problem struct {
	Path     string
	Line     int // from 1; 0 is the whole file
	Message  string
	Partial  bool // true if declarations were likely lost: the file is meant to hold some, and is no test data
	Template bool // true for a template that was not rendered, and so not read
}

// String returns the problem as "path:line: message".
func (p Problem) String() string {
	if p.Line == 0 {
		return p.Path + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d: %s", p.Path, p.Line, p.Message)
}

// A family is a kind of file that one parser reads.
type family int

const (
	familyNone family = iota
	familyActions
	familyGitLab
	familyTerraform
	familyKubernetes
	familyAgent
)

// Wants tells by its path alone whether a file may declare something. It is
// cheap, and true for many YAML files that turn out to declare nothing.
func Wants(filePath string) bool { return familyOf(filePath) != familyNone }

// familyOf tells which parser a path belongs to.
func familyOf(filePath string) family {
	lower := strings.ToLower(filePath)
	dir, base := path.Split(lower)
	ext := path.Ext(base)
	yaml := ext == ".yml" || ext == ".yaml"
	switch {
	case isAgentPath(lower):
		return familyAgent
	case yaml && isWorkflowDir(dir):
		return familyActions
	case yaml && strings.HasSuffix(strings.TrimSuffix(base, ext), ".gitlab-ci"), yaml && strings.Contains(dir, ".gitlab/ci/"):
		return familyGitLab
	case ext == ".tf", strings.HasSuffix(base, ".tf.json"):
		return familyTerraform
	case yaml:
		return familyKubernetes
	default:
		return familyNone
	}
}

// isWorkflowDir reports whether a host runs the workflows of a directory: only
// those at the root count.
func isWorkflowDir(dir string) bool {
	return slices.Contains([]string{".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/"}, dir)
}

// Parse returns what one file declares, and what in it could not be read. It is
// ParseAll of a single file.
func Parse(file File) ([]inventory.Record, []Problem) {
	return ParseAll(func(yield func(File) bool) { yield(file) })
}

// ParseAll returns what the files of one repository declare together, and what
// could not be read. References between files are resolved: a role binding
// finds its role, an attachment its user. A file of no known sort, or one that
// declares nothing, gives neither record nor problem. Every record is valid and
// every id unique.
//
// The content of a file is not needed after the next one is asked for. Memory
// grows with what is declared, up to 50,000 records a file and 500,000 in all.
// ParseAll does not panic and takes time linear in the content; YAML whose
// aliases would multiply it is cut off with a Problem.
func ParseAll(files iter.Seq[File]) ([]inventory.Record, []Problem) {
	out := newOutput()
	for file := range files {
		out.add(file)
	}
	out.finish()
	return out.records, out.problems
}

// add parses one file. A panic in a parser of foreign syntax is a problem of
// that file, not of the scan.
func (o *output) add(file File) {
	if file.Prefix == "" {
		file.Prefix = "repo"
	}
	which := familyOf(file.Path)
	if which == familyNone {
		return
	}
	o.open(file)
	if len(file.Content) > MaxSize {
		o.lost(0, "larger than 10 MB, not parsed")
		return
	}
	defer func() {
		if r := recover(); r != nil {
			o.lost(0, "not parsed: the parser gave up on it")
		}
	}()
	switch which {
	case familyAgent:
		parseAgent(o)
	case familyActions:
		parseActions(o)
	case familyGitLab:
		parseGitLab(o)
	case familyTerraform:
		parseTerraform(o)
	case familyKubernetes:
		parseKubernetes(o)
	case familyNone:
	}
}
