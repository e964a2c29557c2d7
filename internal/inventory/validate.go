package inventory

import "errors"

// Validate reports what is wrong with a record: its kind, its id and the field.
// It never quotes the content of a field other than ids, types and levels.
func (r Record) Validate() error {
	if r.Kind() == "" {
		return errors.New("want exactly one of identity, credential, grant, usage, trust, consumer, owner, coverage, progress, relation, finding")
	}
	return nil
}
