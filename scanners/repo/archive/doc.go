// Package archive opens archives and compressed files to read what is in them:
// zip (and what is built on it: jar, war, apk, wheels, NuGet packages, office
// files), tar (and container images, whose layers are tars in a tar), gzip,
// bzip2, xz and zstd. What a file is, its first bytes say, never its name.
//
// Archives come from strangers. Nothing is written to disk, names are names in
// reports only, and all that a walk does is bounded by Limits: how deep archives
// lie in archives, how many members are looked at, how many bytes are made from
// one member and in all, how many for each byte that went in, how long it may
// take. A walk that meets a limit, or damage, keeps what it has read and
// reports what it left.
//
// Memory: one nested zip at a time for each level is held, all of them together
// at most Limits.Memory; decoders take up to 64 MB for xz and 32 MB for zstd,
// one each level. Members are streams.
package archive
