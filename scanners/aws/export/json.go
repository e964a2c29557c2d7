package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A document is one JSON object of a file: the answer of one call, or one page of
// it.
type document struct {
	r       *reader
	name    string
	ids     map[string]bool // accounts that something in it told
	region  string          // by the path of the file
	flat    map[string]json.RawMessage
	size    int
	heard   map[string]heard // by action
	more    bool             // the call says that more follows
	known   bool             // something in it was understood
	told    bool             // that it holds values
	waiting []pending        // what came before anything told the account
}

// heard says how much of a call a document has, by account and region; the account
// is "" of what names none.
type heard map[[2]string]*amount

// An amount counts objects, and those that could not be decoded in full.
type amount struct{ all, bad int }

// maxFlat bounds what is held of a document beside its lists.
const maxFlat = 96 << 20

// json reads the documents of a file one after another.
func (r *reader) json(name string, in io.Reader) {
	d := saved.NewStream(in, saved.Options(r.opts))
	for {
		d.Allow()
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = r.value(name, tok, d)
		}
		var held *heldError
		switch {
		case errors.As(err, &held):
			r.problems.Held(name, held.Error())
			return
		case err != nil:
			r.lost(name, d.Broken(err, "broken JSON"))
			return
		case r.ctx.Err() != nil:
			return
		}
	}
}

// value reads a document, or a list of them.
func (r *reader) value(name string, tok json.Token, d *saved.Stream) error {
	switch tok {
	case json.Delim('{'):
		return r.document(name, d)
	case json.Delim('['):
		for d.More() {
			d.Allow()
			next, err := d.Token()
			if err != nil {
				return err //nolint:wrapcheck // broken says what it means
			}
			if next == json.Delim('[') {
				return errors.New("a list in a list")
			}
			if err := r.value(name, next, d); err != nil {
				return err
			}
		}
		_, err := d.Token()
		return err //nolint:wrapcheck // broken says what it means
	}
	return nil
}

// A heldError says that a file holds the value of a secret.
type heldError struct{ key string }

func (e *heldError) Error() string {
	return fmt.Sprintf("holds the value of a secret (%s): it was not read from there on. Delete the file, and rotate the secret if others could read it", e.key)
}

// valued are the names under which answers of AWS carry the value of a secret, or
// a credential: GetSecretValue, BatchGetSecretValue, CreateAccessKey, AssumeRole and
// its kin, GetRoleCredentials, Decrypt, GenerateDataKey, ExportCertificate,
// CreateKeyPair, GetPasswordData, CreateServiceSpecificCredential,
// DescribeUserPoolClient, GetAuthorizationToken, CreateKeysAndCertificate, the
// cache of `aws sso login` and the output of a credential process.
func valued() []string {
	return []string{
		"SecretString", "SecretBinary", "SecretValues", "AccessKey", "Credentials", "credentials", "roleCredentials", "Plaintext", "PrivateKey",
		"KeyMaterial", "PasswordData", "ServiceSpecificCredential", "UserPoolClient", "authorizationData", "authorizationToken", "keyPair",
		"accessToken", "AccessToken", "refreshToken", "clientSecret", "SecretAccessKey", "SessionToken", "RandomPassword", "PrivateKeyPlaintext",
	}
}

// document reads one object key by key.
func (r *reader) document(name string, d *saved.Stream) error {
	_, region := r.place(name)
	doc := &document{r: r, name: name, region: region, flat: map[string]json.RawMessage{}, heard: map[string]heard{}, ids: map[string]bool{}}
	err := doc.fields(d)
	doc.finish(err != nil)
	return err
}

func (doc *document) fields(d *saved.Stream) error {
	secrets := valued()
	for d.More() {
		d.Allow()
		tok, err := d.Token()
		if err != nil {
			return err //nolint:wrapcheck // broken says what it means
		}
		key, _ := tok.(string)
		if slices.Contains(secrets, key) {
			doc.known = true
			return &heldError{key}
		}
		if err := doc.field(key, d); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err //nolint:wrapcheck // broken says what it means
}

// field reads the value of one key: a list that is known object by object, and
// anything else as a whole.
func (doc *document) field(key string, d *saved.Stream) error {
	if len(doc.r.kinds.lists[key]) > 0 {
		return doc.list(key, d)
	}
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return err //nolint:wrapcheck // broken says what it means
	}
	doc.page(key, raw)
	if doc.size += len(raw); doc.size > maxFlat {
		return saved.ErrLong
	}
	doc.flat[key] = raw
	return nil
}

// list reads a list object by object.
func (doc *document) list(key string, d *saved.Stream) error {
	tok, err := d.Token()
	if err != nil || tok == nil {
		return err //nolint:wrapcheck // broken says what it means
	}
	if tok != json.Delim('[') {
		return errors.New("no list")
	}
	n := 0
	for d.More() {
		d.Allow()
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err //nolint:wrapcheck // broken says what it means
		}
		if doc.element(key, raw) {
			doc.known = true
		}
		if n++; n%1024 == 0 && doc.r.ctx.Err() != nil {
			return doc.r.ctx.Err()
		}
	}
	if n == 0 {
		doc.empty(key)
	}
	_, err = d.Token()
	return err //nolint:wrapcheck // broken says what it means
}

// element gives an object to the first kind that knows it.
func (doc *document) element(key string, raw json.RawMessage) bool {
	for _, h := range doc.r.kinds.lists[key] {
		if h.read(doc, raw) {
			return true
		}
	}
	return false
}

// empty takes a list without objects for an answer of the call that the file is
// named after, or the only one that has such a list.
func (doc *document) empty(key string) {
	list := doc.r.kinds.lists[key]
	named := doc.r.calls.named(doc.name)
	for _, h := range list {
		if len(list) == 1 || named != nil && named.action == h.action {
			doc.hear(h.action, "", doc.region)
			doc.known = true
			return
		}
	}
}

// page notes whether a call says that more follows.
func (doc *document) page(key string, raw json.RawMessage) {
	switch key {
	case "IsTruncated", "isTruncated", "Truncated", "HasMoreResults":
		doc.more = doc.more || string(raw) == "true"
	case "NextToken", "nextToken", "Marker", "NextMarker", "nextMarker":
		text := strings.Trim(string(raw), `" `)
		doc.more = doc.more || text != "" && text != "null"
	}
}

// hear returns the amount of a call in an account and a region; "" for what is not
// known, or a global call.
func (doc *document) hear(action, account, region string) *amount {
	if c := doc.r.calls.byAction[action]; c == nil || !c.regional {
		region = ""
	}
	h := doc.heard[action]
	if h == nil {
		h = heard{}
		doc.heard[action] = h
	}
	at := [2]string{account, region}
	if h[at] == nil {
		h[at] = &amount{}
	}
	return h[at]
}

// finish reads what the document says beside lists, and accounts for its calls.
func (doc *document) finish(cut bool) {
	if !cut || len(doc.flat) > 0 {
		doc.read()
	}
	for _, action := range sortedKeys(doc.heard) {
		for at, n := range doc.heard[action] { // each is added to a listing of its own
			doc.account(at[0], action, at[1], func(a *account, region string) { doc.tell(a.listing(action, region), n, cut) })
		}
	}
	for _, p := range doc.waiting {
		if id := doc.only(); id != "" {
			p.put(doc.r.account(id, ""), p.region)
		} else {
			doc.r.waiting = append(doc.r.waiting, p)
		}
	}
	if !doc.known && !cut {
		doc.r.unknown = append(doc.r.unknown, doc.name)
	}
}

// tell adds an amount of this document to a listing.
func (doc *document) tell(l *listing, n *amount, cut bool) {
	l.pages++
	l.count += n.all
	switch {
	case cut:
		l.trouble = saved.Short(doc.name, 200) + " ends in the middle or could not be read to the end"
	case n.bad > 0:
		l.trouble = fmt.Sprintf("%s: %d objects could not be read in full", saved.Short(doc.name, 200), n.bad)
	case doc.more:
		l.opened++
	}
}

// only is the one account of the document; "" if nothing told, or it is of several.
func (doc *document) only() string {
	if len(doc.ids) == 1 {
		return sortedKeys(doc.ids)[0]
	}
	return ""
}

// add puts a fact that names no account into that of the document, when it is read
// to its end.
func (doc *document) add(action, region string, put func(*account, string)) {
	doc.account("", action, region, put)
}

// account puts a fact into an account, or, for "", into that of the document.
func (doc *document) account(id, action, region string, put func(*account, string)) {
	c := doc.r.calls.byAction[action]
	if region == "" && c != nil && c.regional {
		region = doc.region
	}
	if id == "" {
		doc.waiting = append(doc.waiting, pending{doc.name, region, put})
		return
	}
	put(doc.r.account(id, ""), region)
}

// of puts a fact into the account of an ARN.
func (doc *document) of(x object.ARN, put func(a *account, region string)) {
	doc.ids[x.Account] = true
	doc.r.seen(doc.name, x.Account)
	a := doc.r.account(x.Account, x.Partition)
	a.files++
	put(a, x.Region)
}
