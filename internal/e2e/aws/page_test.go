//go:build e2e

package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
)

// tokens are the names under which services send the token of the next page.
func tokens() []string {
	return []string{"NextToken", "nextToken", "Marker", "NextMarker", "nextMarker", "PaginationToken"}
}

// tokenOf returns the name under which an operation's answer has its token.
func tokenOf(op wire.Operation) string {
	switch {
	case op.Service.Protocol == wire.EC2:
		return "nextToken"
	case op.Token == "Marker" && (op.Service.Protocol == wire.JSON || op.Service.Protocol == wire.REST):
		return "NextMarker"
	case op.Token == "marker":
		return "nextMarker"
	default:
		return op.Token
	}
}

// result returns the element of an answer that has what was asked for.
func result(op wire.Operation, root *node) *node {
	if n := root.child(op.Name + "Result"); n != nil {
		return n
	}
	return root
}

// nextOf returns the token that an answer of the emulator has.
func nextOf(op wire.Operation, body []byte) string {
	if op.Service.Protocol == wire.Query || op.Service.Protocol == wire.EC2 {
		root, err := parseXML(body)
		if err != nil {
			return ""
		}
		r := result(op, root)
		if cut := r.child("IsTruncated"); cut != nil && cut.text == "false" {
			return ""
		}
		if n := r.child(tokenOf(op)); n != nil {
			return n.text
		}
		return ""
	}
	var out map[string]any
	if json.Unmarshal(body, &out) != nil {
		return ""
	}
	for _, name := range tokens() {
		if s, ok := out[name].(string); ok && s != "" {
			return s
		}
	}
	return ""
}

// items returns the lists of an answer in XML.
func items(op wire.Operation, root *node) []*node {
	var out []*node
	for _, c := range result(op, root).children {
		if len(c.children) > 0 && (c.children[0].name == "member" || c.children[0].name == "item") {
			out = append(out, c)
		}
	}
	return out
}

// join puts the items of a further page after those there are.
func join(op wire.Operation, a, b *answer) (*answer, error) {
	if op.Service.Protocol == wire.Query || op.Service.Protocol == wire.EC2 {
		one, err := parseXML(a.body)
		if err != nil {
			return nil, err
		}
		two, err := parseXML(b.body)
		if err != nil {
			return nil, err
		}
		for _, list := range items(op, two) {
			if have := result(op, one).child(list.name); have != nil {
				have.children = append(have.children, list.children...)
			} else {
				result(op, one).children = append(result(op, one).children, list)
			}
		}
		return &answer{a.status, a.header, one.bytes()}, nil
	}
	var one, two map[string]any
	if err := json.Unmarshal(a.body, &one); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b.body, &two); err != nil {
		return nil, err
	}
	for name, v := range two {
		if list, ok := v.([]any); ok {
			have, _ := one[name].([]any)
			one[name] = append(have, list...)
		}
	}
	body, err := json.Marshal(one)
	return &answer{a.status, a.header, body}, err
}

// slice cuts a page out of an answer that has everything.
func slice(op wire.Operation, a *answer, from, size int) (*answer, error) {
	if op.Service.Protocol == wire.Query || op.Service.Protocol == wire.EC2 {
		return sliceXML(op, a, from, size)
	}
	var out map[string]any
	if err := json.Unmarshal(a.body, &out); err != nil {
		return nil, fmt.Errorf("%s: %w", op.Action(), err)
	}
	for _, name := range tokens() {
		delete(out, name)
	}
	more := false
	for name, v := range out {
		list, ok := v.([]any)
		if !ok {
			continue
		}
		more = more || from+size < len(list)
		out[name] = list[min(from, len(list)):min(from+size, len(list))]
	}
	if more {
		out[tokenOf(op)] = token(from + size)
	}
	if op.Service.Prefix == "kms" {
		out["Truncated"] = more
	}
	body, err := json.Marshal(out)
	return &answer{a.status, a.header, body}, err
}

// sliceXML counts the items of all lists of an answer one after the other, as IAM
// does with users, groups, roles and policies.
func sliceXML(op wire.Operation, a *answer, from, size int) (*answer, error) {
	root, err := parseXML(a.body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.Action(), err)
	}
	r, at := result(op, root), 0
	for _, list := range items(op, root) {
		n := len(list.children)
		low, high := max(0, min(from-at, n)), max(0, min(from+size-at, n))
		list.children = list.children[low:high]
		at += n
	}
	r.children = slices.DeleteFunc(r.children, func(c *node) bool { return slices.Contains(tokens(), c.name) })
	more := from+size < at
	if more {
		r.set(tokenOf(op), token(from+size))
	}
	if op.Service.Prefix == "iam" {
		r.set("IsTruncated", fmt.Sprint(more))
	}
	return &answer{a.status, a.header, root.bytes()}, nil
}

// refuse answers no, in the form of the protocol.
func refuse(c *call, status int, code, message string) *answer {
	a := &answer{status: status, header: map[string]string{}}
	switch c.op.Service.Protocol {
	case wire.Query, wire.S3:
		a.body = fmt.Appendf(nil, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>`, code, message)
	case wire.EC2:
		a.body = fmt.Appendf(nil, `<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors></Response>`, code, message)
	case wire.REST:
		a.header["X-Amzn-Errortype"] = code + ":http://internal.amazon.com/"
		a.body = fmt.Appendf(nil, `{"message":%q}`, message)
	default:
		a.body = fmt.Appendf(nil, `{"__type":"com.amazonaws.%s#%s","message":%q}`, strings.ToLower(c.op.Service.Prefix), code, message)
	}
	return a
}

// denied answers as AWS does where a permission is missing.
func denied(c *call) *answer {
	message := fmt.Sprintf("User: arn:aws:sts::%s:user/auditor is not authorized to perform: %s on resource: * because no identity-based policy allows the %s action", c.account, permission(c), permission(c))
	switch c.op.Service.Protocol {
	case wire.EC2:
		return refuse(c, 403, "UnauthorizedOperation", "You are not authorized to perform this operation.")
	case wire.Query, wire.S3:
		return refuse(c, 403, "AccessDenied", message)
	default:
		return refuse(c, 400, "AccessDeniedException", message)
	}
}

func permission(c *call) string {
	switch c.action {
	case "s3:ListBuckets":
		return "s3:ListAllMyBuckets"
	case "access-analyzer:ListFindingsV2", "access-analyzer:GetFindingV2":
		return strings.TrimSuffix(c.action, "V2")
	default:
		return c.action
	}
}
