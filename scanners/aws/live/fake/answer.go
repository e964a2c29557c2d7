package fake

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answer answers a call that is understood and allowed.
func (s *Server) answer(w http.ResponseWriter, r Request, op operation) {
	switch r.Action {
	case "sts:GetCallerIdentity":
		_, arn := s.signer(r.Key)
		write(w, op, Tree{"Account": r.Account, "Arn": arn, "UserId": "AIDAFAKE"})
		return
	case "sts:AssumeRole":
		s.assume(w, r, op)
		return
	}
	tree, ok := s.lookup(r, op)
	if !ok {
		if op.key != "" && op.in == "" {
			Refuse(w, r.Action, http.StatusNotFound, missing(op), "there is no such thing")
			return
		}
		tree = Tree{}
	}
	if code, no := tree[refused].(string); no {
		status, _ := tree["status"].(int)
		Refuse(w, r.Action, status, code, "refused")
		return
	}
	if op.in != "" {
		var good bool
		if tree, good = s.cut(tree, r, op); !good {
			Refuse(w, r.Action, http.StatusBadRequest, "InvalidNextTokenException", "the token is none")
			return
		}
	}
	write(w, op, tree)
}

func missing(op operation) string {
	if op.protocol == query {
		return "NoSuchEntity"
	}
	return "ResourceNotFoundException"
}

func (s *Server) lookup(r Request, op operation) (Tree, bool) {
	action := r.Action
	if op.key != "" {
		action += "?" + op.key + "=" + r.Values.Get(op.key)
	}
	for _, region := range []string{r.Region, ""} {
		if t, ok := s.answers[r.Account+" "+region+" "+action]; ok {
			return t, true
		}
	}
	return nil, false
}

// cut takes one page out of an answer: of all its lists together, in the order of
// their names.
func (s *Server) cut(tree Tree, r Request, op operation) (Tree, bool) {
	size := op.most
	if n := number(r.Values.Get(op.limit)); op.limit != "" && n > 0 {
		if n > op.most {
			return nil, false // as AWS refuses it
		}
		size = n
	}
	if s.Page > 0 {
		size = min(size, s.Page)
	}
	from := 0
	if token := r.Values.Get(op.in); token != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(token, "page-"))
		if err != nil || !strings.HasPrefix(token, "page-") {
			return nil, false
		}
		from = n
	}
	out, at := Tree{}, 0
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		list, ok := tree[name].([]any)
		if !ok {
			out[name] = tree[name]
			continue
		}
		low, high := max(from-at, 0), min(from+size-at, len(list))
		if low < high {
			out[name] = list[low:high]
		} else {
			out[name] = []any{}
		}
		at += len(list)
	}
	more := from+size < at
	if more {
		out[op.out] = fmt.Sprintf("page-%d", from+size)
	}
	if op.more != "" {
		out[op.more] = more
	}
	return out, true
}

// assume signs in as a role.
func (s *Server) assume(w http.ResponseWriter, r Request, op operation) {
	arn := r.Values.Get("RoleArn")
	external, ok := s.Roles[arn]
	_, caller := s.signer(r.Key)
	if !ok || external != "" && external != r.Values.Get("ExternalId") || len(r.Values.Get("Policy")) > 2048 {
		Refuse(w, r.Action, http.StatusForbidden, "AccessDenied", "User: "+caller+" is not authorized to perform: sts:AssumeRole on resource: "+arn)
		return
	}
	parts := strings.Split(arn, ":")
	s.mu.Lock()
	s.sessions++
	key := fmt.Sprintf("ASIAFAKE%d", s.sessions)
	as := fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", parts[4], strings.TrimPrefix(parts[5], "role/"), r.Values.Get("RoleSessionName"))
	s.Keys[key], s.Caller[key] = parts[4], as
	s.mu.Unlock()
	write(w, op, Tree{
		"Credentials": Tree{
			"AccessKeyId": key, "SecretAccessKey": "made-up", "SessionToken": "made-up-session",
			"Expiration": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
		},
		"AssumedRoleUser": Tree{"Arn": as, "AssumedRoleId": "AROAFAKE:" + r.Values.Get("RoleSessionName")},
	})
}

// Refuse writes a refusal in the form of a call's service.
func Refuse(w http.ResponseWriter, action string, status int, code, message string) {
	service, _, _ := strings.Cut(action, ":")
	switch service {
	case "iam", "sts", "sns":
		w.WriteHeader(status)
		send(w, fmt.Sprintf("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, escape(message)))
	case "ec2":
		w.WriteHeader(status)
		send(w, fmt.Sprintf("<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors></Response>", code, escape(message)))
	case "s3":
		w.WriteHeader(status)
		send(w, fmt.Sprintf("<Error><Code>%s</Code><Message>%s</Message></Error>", code, escape(message)))
	default:
		w.Header().Set("X-Amzn-Errortype", code+":http://internal.amazon.com/coral/")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(Tree{"__type": "com.amazon.coral.service#" + code, "message": message}) // the client may be gone
	}
}

// send writes a text.
func send(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text) //nolint:gosec,nolintlint // no browser reads it, and the client may be gone
}

// write writes an answer in the form of its protocol.
func write(w http.ResponseWriter, op operation, tree Tree) {
	_, name, _ := strings.Cut(op.action, ":")
	switch {
	case op.signed == "s3" && op.action == "s3:GetBucketPolicy":
		_ = json.NewEncoder(w).Encode(tree) // the body is the policy itself
	case op.signed == "s3":
		fmt.Fprint(w, "<ListAllMyBucketsResult>", element(tree, "Bucket"), "</ListAllMyBucketsResult>")
	case op.signed == "ec2":
		fmt.Fprintf(w, "<%sResponse>%s</%sResponse>", name, element(tree, "item"), name)
	case op.protocol == query:
		fmt.Fprintf(w, "<%sResponse><%sResult>%s</%sResult><ResponseMetadata/></%sResponse>", name, name, element(tree, "member"), name, name)
	default:
		_ = json.NewEncoder(w).Encode(tree)
	}
}

// element writes a value as XML, with lists of members.
func element(v any, member string) string {
	var b strings.Builder
	switch v := v.(type) {
	case Tree:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			fmt.Fprintf(&b, "<%s>%s</%s>", k, element(v[k], member), k)
		}
	case Entries:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			fmt.Fprintf(&b, "<entry><key>%s</key><value>%s</value></entry>", escape(k), element(v[k], member))
		}
	case []any:
		for _, x := range v {
			fmt.Fprintf(&b, "<%s>%s</%s>", member, element(x, member), member)
		}
	default:
		b.WriteString(escape(fmt.Sprint(v)))
	}
	return b.String()
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}
