-- What is followed or read and is not as it was when the targets were last made right; what somebody has to mend first.
select object, title, targets, in_the_way, how, detail, fix from crossfade.shape_changes($1)
