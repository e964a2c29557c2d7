package pack

// chain returns an entry and what it is made from, the root last.
func (r *reader) chain(p *packed, t *forest, pos uint32) (chain []uint32, err error) {
	defer guard(&err)
	for len(chain) <= len(t.number) {
		chain = append(chain, pos)
		off := t.offset[pos]
		b, err := p.file.slice(off, min(maxHead, t.offset[pos+1]-off), &r.scratch)
		if err != nil {
			return nil, err
		}
		h, err := parseHead(b)
		if err != nil {
			return nil, err
		}
		base := -1
		switch h.typ {
		case ofsDelta:
			base = t.at(off - h.back)
		case refDelta:
			if i := p.index.find(h.base); i >= 0 {
				base = t.at(p.index.offset(i))
			}
		default:
			return chain, nil
		}
		if base < 0 {
			return nil, errNoBase()
		}
		pos = uint32(base)
	}
	return nil, errNoBase()
}
