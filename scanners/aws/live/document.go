package live

import (
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// Documents parses each policy document once: roles of one kind have the same, and
// so have the accounts of an organisation. It keeps what was parsed, not the text.
type documents struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]parsed
}

type parsed struct {
	document *policy.Document
	problem  string
}

func newDocuments() *documents { return &documents{known: map[[sha256.Size]byte]parsed{}} }

// parse returns a document, or why there is none.
func (d *documents) parse(text string) (*policy.Document, string) {
	if text == "" {
		return nil, "the document is empty"
	}
	key := sha256.Sum256([]byte(text))
	d.mu.Lock()
	p, ok := d.known[key]
	d.mu.Unlock()
	if ok {
		return p.document, p.problem
	}
	document, err := policy.Parse([]byte(text))
	if err != nil {
		document, p.problem = nil, err.Error()
	}
	p.document = document
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[key] = p
	return p.document, p.problem
}

// document parses the policy of a resource. One that cannot be read is noted.
func (s *session) document(text, of string) *policy.Document {
	if text == "" {
		return nil
	}
	doc, problem := s.texts.parse(text)
	if doc == nil {
		s.keep(func(a *object.Account) {
			a.Notes = append(a.Notes, fmt.Sprintf("the policy of %s cannot be read: %s", of, problem))
		})
	}
	return doc
}
