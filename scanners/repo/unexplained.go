package repo

import (
	"slices"

	"github.com/muster-nhi/muster/scanners/repo/git"
)

// A namedFile is a file that holds credentials by its name, in the index or at HEAD.
type namedFile struct {
	id git.ID
	at where
}

// A version is a content that a file has or had.
type version struct {
	path string
	id   git.ID
}

// placeUnexplained places the files that are keys as a whole, and what is in files
// of known formats, where no commit brought them to a path that has them now: they
// are staged, or a merge put them there.
func (j *job) placeUnexplained() error {
	files := j.unexplainedFiles()
	open := map[git.ID][]namedFile{}
	var ids []git.ID
	for _, f := range files {
		if open[f.id] == nil {
			ids = append(ids, f.id)
		}
		open[f.id] = append(open[f.id], f)
	}
	if len(ids) == 0 {
		return nil
	}
	err := j.readBlobs(ids, func(id git.ID, content []byte) {
		for _, f := range open[id] {
			j.placeNamed(f, content)
		}
	})
	return j.tolerate(err, "files that are staged, or that a merge brought in")
}

// placeNamed places a file, unless what is in it is placed at its path already.
func (j *job) placeNamed(f namedFile, content []byte) {
	placed := func(o occurrence) bool { return j.found[o.hash] != nil && j.found[o.hash].placed[f.at.path] }
	says := j.says(f.at.path)
	if says.format != "" {
		list := j.parseFormat(says.format, content, source{id: f.id, kind: git.TypeBlob})
		j.formats.found[f.id] = list
		j.placeNew(slices.DeleteFunc(slices.Clone(list), placed), nil, f.at)
		for _, o := range list {
			j.found[o.hash].onDisk[f.at.path] = true
		}
	}
	for _, rule := range says.rules {
		if !placed(occurrence{hash: j.scan.env.Hash(content)}) {
			j.keyFound[f.id] = append(j.keyFound[f.id], j.placeKey(rule, content, f.at))
		}
	}
}

// unexplainedFiles lists those files, sorted.
func (j *job) unexplainedFiles() (list []namedFile) {
	told := map[version]bool{}
	for _, from := range []struct {
		via   string
		files map[string]git.ID
	}{{"merge", j.namedAtHead}, {"staged", j.indexFiles}} {
		for _, path := range sortedKeys(from.files) {
			v := version{path, from.files[path]}
			if !told[v] && !j.explained[v] && j.says(path).anything() {
				told[v] = true
				list = append(list, namedFile{v.id, where{path: path, via: from.via}})
			}
		}
	}
	return list
}
